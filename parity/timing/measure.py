"""Times side by side: measured by pytest-benchmark in turns, gated on the verdicts, in a process that may die."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from parity.frameworks.environment import cpu
from parity.frameworks.runtime import PACKAGES
from parity.files import WholeFile
from parity.task import UsageError
from parity.tasks import load

ROOT = Path(__file__).parent.parent
COMPARISON = ROOT / "benchmarks" / "test_side_by_side.py"
TURNS = 6  # of each contestant on a loop: the fewest whose least and greatest are a 95 % interval
ROUNDS = ("--benchmark-min-rounds=1", "--benchmark-max-time=0.035", "--benchmark-calibration-precision=10")  # of a turn
TIMEOUT = 600.0  # seconds for a contestant's turn, the first with its verdict, build and compilation
MEASURED = ("seconds", "low_seconds", "median_seconds", "high_seconds", "device_seconds", "examples_per_second")
POLL = 0.2  # seconds between two looks at the process
NOW = "now"  # the file that says whose turn it is


def measure(tasks: Sequence[str], options: Sequence[str], *, timeout: float = TIMEOUT) -> pd.DataFrame:
    """Time every loop of every contestant in a process of its own: a row each, refused ones with their reason.

    Where the process dies, or a turn takes longer than `timeout` seconds, the contestant whose turn it was is refused
    on that task, and another process goes on with the tasks that are not finished.

    Columns: task, topic, loop, contestant, units (the worst noise units of the loop's outputs, which all agree), the
    card's, examples (in a batch), import_seconds (of the implementation, in a fresh process), build_seconds,
    first_seconds (the first call: tracing, compiling), median_seconds with its interval low_seconds and high_seconds,
    device_seconds (by the device's own events, where it has them), examples_per_second, seconds (every round's, a list
    for each turn), refused (why there is no time, or ""), failed (whether it was to have one), and the machine's cpu
    and cores.

    Raises:
        UsageError: there is no checkout with the benchmarks, no task has a loop, or no comparison could be made.
    """
    if not COMPARISON.exists():
        raise UsageError(f"{COMPARISON} is missing: times are measured in a checkout of the repository")
    timed = [task for task in tasks if load(task).loops]
    if not timed:
        raise UsageError("none of these tasks has a loop to time")
    with tempfile.TemporaryDirectory() as folder:
        found = frame(_measured(timed, options, Path(folder), timeout))
    frameworks = found[found["refused"] == ""]["framework"].unique()
    return found.assign(import_seconds=found["framework"].map({name: import_seconds(name) for name in frameworks}))


def import_seconds(framework: str) -> float:
    """How long a fresh process takes to import a framework as its implementation does: Keras loads most when used."""
    package = PACKAGES[framework]
    code = f"import time; start = time.perf_counter(); import {package}; print(time.perf_counter() - start)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def frame(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """The rows of a comparison, with what its turns come to and the machine that they are from."""
    full = [{**row, **(dict.fromkeys(MEASURED) if row["refused"] else _summary(row))} for row in rows]
    return pd.DataFrame(full).assign(cpu=cpu(), cores=os.cpu_count())


def of_turns(values: Sequence[float]) -> tuple[float, float, float]:
    """(low, median, high) of one value a turn.

    The turns are far enough apart to be independent, the rounds within one are not.  The interval is from the least
    to the greatest: of n turns it misses the median that they are drawn around once in 2^(n - 1), whatever their
    distribution.
    """
    return float(np.min(values)), float(np.median(values)), float(np.max(values))


def ratio(slower: Sequence[Sequence[float]], faster: Sequence[Sequence[float]]) -> tuple[float, float, float]:
    """(low, median, high) of the ratios of two contestants, each of the medians of the same turn's rounds."""
    return of_turns([float(np.median(one) / np.median(other)) for one, other in zip(slower, faster, strict=True)])


def write(times: pd.DataFrame, files: dict[str, WholeFile]) -> None:
    """The rows as parquet, every round's time with them, and as CSV without."""
    files["csv"].write(times.drop(columns="seconds").to_csv(index=False))
    files["parquet"].write(times.to_parquet(index=False))


def _summary(row: dict[str, Any]) -> dict[str, Any]:
    low, middle, high = of_turns([float(np.median(rounds)) for rounds in row["seconds"]])
    events = [seconds for seconds in row["device_seconds"] if seconds is not None]
    on_device = float(np.median(events)) if events else None
    return dict(zip(MEASURED, (row["seconds"], low, middle, high, on_device, row["examples"] / middle), strict=True))


def _measured(tasks: Sequence[str], options: Sequence[str], folder: Path, timeout: float) -> list[dict[str, Any]]:
    """The rows of the tasks, by as many processes as it takes; each writes those of a task once it is finished."""
    files = {task: folder / f"{task}.json" for task in tasks}
    lost: dict[tuple[str, str], str] = {}
    while left := [task for task, file in files.items() if not file.exists()]:
        known = json.dumps([[*who, reason] for who, reason in lost.items()])
        end, said = _process([*options, "--tasks", ",".join(left), "--lost", known], folder, timeout)
        if any(not files[task].exists() for task in left):
            now = folder / NOW
            task, contestant, loop = json.loads(now.read_text()) if now.exists() else ("", "", "")
            if not task or (task, contestant) in lost:  # it ended before anyone's turn
                raise UsageError(f"the comparison could not be made: {end}\n{said}")
            lost[task, contestant] = f"{end}, at {loop}"
    return [row for file in files.values() for row in json.loads(file.read_text())]


def _process(options: Sequence[str], folder: Path, timeout: float) -> tuple[str, str]:
    """Run the comparison until it ends, or a turn takes longer than `timeout`: how it ended, and what it said."""
    command = [sys.executable, "-m", "pytest", str(COMPARISON), "-q", "--benchmark-quiet", *ROUNDS, *options]
    command += ["--rows", str(folder), "-p", "no:cacheprovider"]
    # Started from within a test it is a session of its own, and not one of that test's parallel workers.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    now = folder / NOW
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
        start = time.time()
        try:
            while process.poll() is None:
                began = now.stat().st_mtime if now.exists() else 0.0
                # Before the first turn it imports the frameworks.
                if time.time() > (began + timeout if began >= start else start + max(timeout, TIMEOUT)):
                    break
                time.sleep(POLL)
            code = process.poll()
        finally:
            process.kill()
            process.wait()
        output.seek(0)
        said = output.read().decode(errors="replace").strip()[-2000:]
    if code is None:
        return f"it took longer than {timeout:g} s", said
    meaning = f" ({signal.strsignal(-code)})" if code < 0 else ""
    return f"its process ended with exit code {code}{meaning}", said
