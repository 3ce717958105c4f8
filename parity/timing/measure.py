"""Times side by side: pytest-benchmark measures loops that pass the gate, in turns, in a process that may die."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from parity.files import WholeFile
from parity.frameworks import threads
from parity.frameworks.environment import cpu, installed, sources
from parity.frameworks.runtime import PACKAGES, missing_packages
from parity.task import UsageError
from parity.tasks import load
from parity.timing.machine import Disturbance
from parity.timing.processes import TIMEOUT, rows_of

ROOT = Path(__file__).parents[2]  # the folder that parity and the implementations are imported from
ROUNDS = ("turns", "others_by_turn", "seconds")  # lists, that a table of plain cells does not hold
MEASURED = ("seconds", "low_seconds", "median_seconds", "high_seconds", "device_seconds", "examples_per_second")
MACHINE = (*Disturbance.__dataclass_fields__, "spare_turns", "others", "disturbed")
DECISIVE = ("CUPY_", "CUDA_", "TF_", "MKL_", "OPENBLAS_", "OMP_")  # of the environment
COMPARED = ("task", "loop", "backend", "size", "low_seconds", "median_seconds", "high_seconds", "cpu", "cores")
SAID_BESIDE = ("threads", "others", "disturbed")  # by files of newer versions
FORMAT = 2  # of a file of times; format 1 had no number, and called `backend` and `skip_reason` otherwise


def measure(
    tasks: Sequence[str], options: Sequence[str], *, counts: Sequence[int] = (), timeout: float = TIMEOUT,
    kept: Path | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Time every loop of every backend in a separate process: a row for each, with the reason if there is no time.

    Each number of threads in `counts` (by default the usual one) has a process of its own, since TensorFlow takes its
    number once; they take turns.  If a process dies, or a turn takes longer than `timeout` seconds, the backend whose
    turn it was has no time on that task, and a new process continues with the unfinished tasks.

    Columns: task, topic, loop, backend, units (the worst noise units of the loop's outputs, which all agree), the
    columns of `card`, examples (in a batch), import_seconds (of the implementation, in a fresh process), build_seconds,
    first_seconds (the first call: tracing, compiling), median_seconds with its interval low_seconds and high_seconds,
    device_seconds (by the device's own events, if it has them), examples_per_second, turns (the numbers of those that
    count), seconds (every round's, a list for each turn), the fields of `Disturbance` summed over its turns,
    spare_turns (how many were taken), others (the share of the cores that others took while the backends of the loop
    had their worst turn, or all turns; none if not measured), others_by_turn, disturbed (whether that is too much; none
    if not measured), skip_reason (why there is no time, or ""), failed (whether that was an error), the machine's cpu
    and cores, and format (of the file).

    Args:
        kept: a folder for the rows of the tasks that are finished: one that is killed continues there.

    Raises:
        UsageError: pytest-benchmark is missing, no task has a loop, or the comparison could not be made.
    """
    if missing := missing_packages("pytest", "pytest_benchmark"):
        raise UsageError(f"parity time needs {' and '.join(missing)}: python -m pip install pytest pytest-benchmark")
    timed = [task for task in tasks if load(task).loops]
    if not timed:
        raise UsageError("none of these tasks has a loop to time")
    rows = frame(rows_of(timed, options, counts or (None,), timeout, kept))
    frameworks = rows[rows["skip_reason"] == ""]["framework"].unique()
    return rows.assign(import_seconds=rows["framework"].map({name: import_seconds(name) for name in frameworks}))


def unfinished(output: Path, words: Sequence[str], counts: Sequence[int]) -> Path:
    """The folder for finished tasks while others are not: of these tasks and options, with these sources, here."""
    settings = sorted(f"{name}={value}" for name, value in os.environ.items() if name.startswith(DECISIVE))
    what = [*words, *counts, threads.usual(), sources(), installed(), cpu(), os.cpu_count(), settings]
    return output / f".unfinished-{hashlib.sha256(json.dumps(what).encode()).hexdigest()[:8]}"


def import_seconds(framework: str) -> float:
    """The seconds of a fresh process to import a framework as its implementation does: Keras loads most when used."""
    package = PACKAGES[framework]
    code = f"import time; start = time.perf_counter(); import {package}; print(time.perf_counter() - start)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def frame(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """The rows of a comparison, with the summary of their turns and with the machine."""
    untimed = dict.fromkeys((*ROUNDS, *MEASURED, *MACHINE, "threads"))
    full = [{**row, **(untimed if row["skip_reason"] else _summary(row))} for row in rows]
    found = pd.DataFrame(full).assign(cpu=cpu(), cores=os.cpu_count(), format=FORMAT)
    return found.astype({"threads": "Int64", "disturbed": "boolean"})  # they may be missing, and stay what they are


def of_turns(values: Sequence[float]) -> tuple[float, float, float]:
    """(low, median, high) of the values of the turns, one for each turn.

    Turns are far enough apart to be independent; rounds within a turn are not.  The interval goes from the least to
    the greatest value: with n turns it misses the median of their distribution with probability 2^(1 - n), for any
    distribution.
    """
    return float(np.min(values)), float(np.median(values)), float(np.max(values))


def ratio(slower: Mapping[int, Sequence[float]], faster: Mapping[int, Sequence[float]]) -> tuple[float, float, float]:
    """(low, median, high) of the ratios of two backends; a ratio divides the medians of the rounds of one turn.

    Args:
        slower, faster: the rounds by the number of the turn.  Turns of the same number were taken together; what only
            one has, since its process alone took a turn again, is compared with what only the other has.
    """
    together = sorted(slower.keys() & faster.keys())
    mine, others = ([*together, *sorted(turns.keys() - set(together))] for turns in (slower, faster))
    return of_turns([float(np.median(slower[i]) / np.median(faster[k])) for i, k in zip(mine, others, strict=True)])


def by_turn(row: "pd.Series[Any]") -> dict[int, Sequence[float]]:
    """The rounds of a row by the number of the turn."""
    return dict(zip(row["turns"], row["seconds"], strict=True))


def files_in(folder: Path) -> dict[str, WholeFile]:
    """The files of times in a folder, which is created if missing; UsageError if it cannot be written to."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder} cannot be created: {error.strerror}") from error
    return {kind: WholeFile(folder / f"times.{kind}") for kind in ("csv", "parquet")}


def write_times(times: pd.DataFrame, files: dict[str, WholeFile]) -> None:
    """Write the rows as parquet, with every round's time, and as CSV, without those."""
    files["csv"].write(times.drop(columns=list(ROUNDS)).to_csv(index=False))
    files["parquet"].write(times.to_parquet(index=False))


def to_json(times: pd.DataFrame) -> str:
    """The rows as JSON, with every round's time."""
    plain = times.astype(object).where(times.notna(), None)  # every digit, which pandas' own to_json does not keep
    return json.dumps({"format": FORMAT, "rows": plain.to_dict("records")}, indent=1) + "\n"


def read_times(path: Path) -> pd.DataFrame:
    """The rows of a file that `write_times` wrote, in the columns that are compared; UsageError as `read_rows`."""
    return read_rows(path, COMPARED).reindex(columns=[*COMPARED, *SAID_BESIDE])


def read_rows(path: Path, needed: Sequence[str]) -> pd.DataFrame:
    """All columns of a file that `write_times` wrote, under this version's names.

    Args:
        needed: the columns without which it is no such file.

    Raises:
        UsageError: the file is not a file of times, has an unknown format, or is parquet and pyarrow is missing.
    """
    try:
        rows = pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)
        number = int(rows["format"].iloc[0]) if "format" in rows else 1
        if number not in (1, FORMAT):
            raise UsageError(f"{path} has format {number}, this version reads 1 and {FORMAT}: run parity time again")
        rows = rows.rename(columns={"contestant": "backend", "refused": "skip_reason"})
        _ = rows[list(needed)]
        return rows
    except ImportError as error:
        raise UsageError(f"{path} cannot be read without pyarrow: python -m pip install pyarrow") from error
    except UsageError:
        raise
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValueError, KeyError, IndexError) as error:
        raise UsageError(f"{path} is not a file of times; parity time --output FOLDER writes one") from error


def _summary(row: dict[str, Any]) -> dict[str, Any]:
    low, middle, high = of_turns([float(np.median(rounds)) for rounds in row["seconds"]])
    events = [seconds for seconds in row["device_seconds"] if seconds is not None]
    on_device = float(np.median(events)) if events else None
    return dict(zip(MEASURED, (row["seconds"], low, middle, high, on_device, row["examples"] / middle), strict=True))
