"""Times side by side: measured by pytest-benchmark, gated on the verdicts, read by pandas."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table
from scipy import stats

from parity.framework import REQUIRES
from parity.report import WholeFile
from parity.task import UsageError

COMPARISON = Path(__file__).parent.parent / "benchmarks" / "test_side_by_side.py"
# Of each turn: a contestant has three on each loop.
ROUNDS = ("--benchmark-min-rounds=2", "--benchmark-max-time=0.07", "--benchmark-calibration-precision=10")
CONFIDENCE = 0.95


def measure(options: Sequence[str]) -> pd.DataFrame:
    """Time every loop of every contestant in a process of its own: a row each, refused ones with their reason.

    Columns: task, topic, loop, contestant, units (the worst noise units of the loop's outputs, which all agree), the
    card's, examples (in a batch), import_seconds (of the framework, in a fresh process), build_seconds, first_seconds
    (the first call: tracing, compiling), median_seconds with its interval low_seconds and high_seconds, device_seconds
    (by the device's own events, where it has them), examples_per_second, seconds (every round's, a list), refused (why
    there is no time, or "") and failed (whether it failed while it was timed).

    Raises:
        UsageError: there is no checkout with the benchmarks, or the comparison could not be made.
    """
    if not COMPARISON.exists():
        raise UsageError(f"{COMPARISON} is missing: times are measured in a checkout of the repository")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "times.json"
        command = [sys.executable, "-m", "pytest", str(COMPARISON), "-q", "--benchmark-quiet", *ROUNDS, *options]
        command += [f"--benchmark-json={path}", "--benchmark-save-data", "-p", "no:cacheprovider"]
        # Started from within a test it is a session of its own, and not one of that test's parallel workers.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        root = COMPARISON.parent.parent
        done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
        if not path.exists() or done.returncode not in (0, 1):
            raise UsageError("the comparison could not be made:\n" + (done.stderr + done.stdout).strip()[-2000:])
        found = frame(json.loads(path.read_text()))
    if "framework" in found:
        imports = {framework: import_seconds(framework) for framework in found["framework"].dropna().unique()}
        found["import_seconds"] = found["framework"].map(imports)
    return found


def import_seconds(framework: str) -> float:
    """How long a fresh process takes to import a framework."""
    code = f"import time; start = time.perf_counter(); import {REQUIRES[framework]}; print(time.perf_counter() - start)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def frame(found: dict) -> pd.DataFrame:  # type: ignore[type-arg]  # JSON
    """pytest-benchmark's JSON as one row for each loop and contestant, the rounds of its turns together."""
    rows: dict[tuple[str, ...], dict[str, Any]] = {}
    for benchmark in found["benchmarks"]:
        info = benchmark["extra_info"]
        row = rows.setdefault((info["task"], info["loop"], info["contestant"]), {**info, "seconds": []})
        row["seconds"] += benchmark["stats"]["data"]
    for row in rows.values():
        low, middle, high = median_of(row["seconds"])
        row.update(median_seconds=middle, low_seconds=low, high_seconds=high, refused="", failed=False)
        row["examples_per_second"] = row["examples"] / middle
    return pd.DataFrame([*rows.values(), *found["refused"]])


def median_of(seconds: Sequence[float]) -> tuple[float, float, float]:
    """The median and its interval: (low, median, high), from the order statistics, which no distribution is behind."""
    ordered, n = np.sort(seconds), len(seconds)
    low = max(0, int(stats.binom.ppf((1 - CONFIDENCE) / 2, n, 0.5)) - 1)
    return float(ordered[low]), float(np.median(ordered)), float(ordered[n - 1 - low])


def ratio(slower: Sequence[float], faster: Sequence[float]) -> tuple[float, float, float]:
    """The ratio of two medians and its bootstrap interval: (ratio, low, high)."""
    if len(slower) < 2 or len(faster) < 2:
        value = float(np.median(slower) / np.median(faster))
        return value, value, value
    interval = stats.bootstrap(
        (np.asarray(slower), np.asarray(faster)),
        lambda x, y, axis=-1: np.median(x, axis=axis) / np.median(y, axis=axis),
        confidence_level=CONFIDENCE, n_resamples=500, method="percentile", rng=np.random.default_rng(0),
    ).confidence_interval  # fmt: skip
    return float(np.median(slower) / np.median(faster)), float(interval.low), float(interval.high)


def table(times: pd.DataFrame) -> Table:
    """Loop by contestant: the median, its ratio to the fastest with its interval, and the first call; best in bold."""
    contestants = list(dict.fromkeys(times[times["refused"] == ""]["contestant"]))
    view = Table(title="Median time, and its ratio to the fastest with a 95 % interval", title_justify="left")
    view.add_column("task", no_wrap=True)
    view.add_column("loop", overflow="fold")
    for contestant in contestants:
        view.add_column(contestant, justify="right", overflow="fold")
    for (task, loop), group in times.groupby(["task", "loop"], sort=False):
        by_contestant = {row["contestant"]: row for _, row in group.iterrows()}
        view.add_row(str(task), str(loop), *_cells(by_contestant, contestants))
    for label, means in _means(times, contestants):
        view.add_section()
        best = min(means.values(), default=1.0)
        cells = (
            f"{'[bold]' if means[c] == best else ''}{_times(means[c])}" if c in means else "n/a" for c in contestants
        )
        view.add_row(label, "geo. mean", *cells)
    return view


def first_calls(times: pd.DataFrame) -> Table:
    """How long each contestant takes before it is warm: importing, building, and the first call."""
    view = Table(title="Before it is warm: seconds, summed over the loops", title_justify="left")
    for column in ("contestant", "import, once", "build", "first call", "steady, one call each"):
        view.add_column(column, justify="right" if column != "contestant" else "left")
    timed = times[times["refused"] == ""]
    for contestant, group in timed.groupby("contestant", sort=False):
        sums = group[["build_seconds", "first_seconds", "median_seconds"]].sum()
        view.add_row(str(contestant), *(f"{value:.3g}" for value in (group["import_seconds"].iloc[0], *sums)))
    return view


def report(console: Console, times: pd.DataFrame) -> None:
    """The tables, and why what has no time has none."""
    timed = times[times["refused"] == ""]
    if len(timed):
        console.print(table(times))
        console.print(first_calls(times))
    for reason, group in times[times["refused"] != ""].groupby("refused"):
        console.print(f"no time, {len(group)} loops: {reason}", style="dim", markup=False)


def write(times: pd.DataFrame, files: dict[str, WholeFile]) -> None:
    """The rows as parquet, every round's time with them, and as CSV without."""
    files["csv"].write(times.drop(columns="seconds").to_csv(index=False))
    files["parquet"].write(times.to_parquet(index=False))


def _cells(by_contestant: dict[str, pd.Series], contestants: list[str]) -> Iterator[str]:
    timed = {name: row for name, row in by_contestant.items() if not row["refused"]}
    best = min(timed, key=lambda name: timed[name]["median_seconds"], default="")
    for contestant in contestants:
        if contestant not in timed:
            yield "[dim]n/a[/]"
            continue
        text = _si(timed[contestant]["median_seconds"])
        if contestant == best:
            yield f"[bold green]{text}[/]"
        else:
            value, low, high = ratio(timed[contestant]["seconds"], timed[best]["seconds"])
            yield f"{text} [dim]{_times(value)} {_times(low)[1:]}-{_times(high)[1:]}[/]"


def _means(times: pd.DataFrame, contestants: list[str]) -> Iterator[tuple[str, dict[str, float]]]:
    """By topic and over all: each contestant's geometric mean ratio to the fastest, over loops that all have."""
    timed = times[times["refused"] == ""]
    wide = timed.pivot_table(index=["topic", "task", "loop"], columns="contestant", values="median_seconds", sort=False)
    wide = wide.dropna()
    if wide.empty:
        return
    ratios = wide.div(wide.min(axis=1), axis=0)
    for topic, group in ratios.groupby(level="topic", sort=False):
        number = str(topic).partition(" ")[0]
        yield f"topic {number}", {c: float(stats.gmean(group[c])) for c in contestants if c in group}
    yield "all", {c: float(stats.gmean(ratios[c])) for c in contestants if c in ratios}


def _times(ratio: float) -> str:
    return f"x{ratio:.2f}" if ratio < 10 else f"x{ratio:.3g}"


def _si(seconds: float) -> str:
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"
