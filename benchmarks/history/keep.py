"""asv's results on disk: written completely, merged from several runs and machines, with one writer at a time."""

import contextlib
import fcntl
import itertools
import json
import math
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from asv.environment import get_env_name
from asv.results import Results
from asv.runner import BenchmarkResult

from benchmarks.history.asv import installed, this_machine
from benchmarks.history.suite import class_name, parameters
from benchmarks.revisions import git
from parity.files import WholeFile
from parity.frameworks.threads import THREADS
from parity.task import UsageError
from parity.tasks import load, names
from parity.timing.loop import USUAL

HARDWARE = ("arch", "cpu", "num_cpu")  # the facts that stay when a machine's system is upgraded


def merge(source: Path, target: Path) -> None:
    """Add the results of one folder to another's, machine by machine; each file is written completely.

    Of two results of the same benchmark and parameters at the same commit, the one that was started later stays.
    """
    for path in sorted(source.rglob("*.json")):
        kept = target / path.relative_to(source)
        kept.parent.mkdir(parents=True, exist_ok=True)
        found = json.loads(path.read_text())
        if kept.exists() and "results" in found:
            found = _newer(json.loads(kept.read_text()), found)
        elif kept.exists() and path.name == "benchmarks.json":
            found = json.loads(kept.read_text()) | found
        WholeFile(kept).write(json.dumps(found, indent=1) + "\n")


def check_source(source: Path, target: Path) -> None:
    """Check that a folder's results can be added to another's.

    Raises:
        UsageError: a file is not JSON, or two different machines have the same name in the two folders.
    """
    for path in sorted(source.rglob("*.json")):
        try:
            json.loads(path.read_text())
        except ValueError as error:
            raise UsageError(f"{path} is not a file of asv's: {error}") from error
    for path in sorted(source.glob("*/machine.json")):
        kept = target / path.relative_to(source)
        both = [json.loads(one.read_text()) for one in (path, kept) if one.exists()]
        if len({tuple(machine.get(key) for key in HARDWARE) for machine in both}) > 1:
            raise UsageError(
                f"two machines are called {path.parent.name}: rename one in its ~/.asv-machine.json, "
                f"delete its .asv/results/{path.parent.name}, and measure there again"
            )


def of_commit(results: Path, commit: str) -> dict[Path, dict[str, Any]]:
    """The files of a commit's results, of every machine and environment."""
    every = {path: json.loads(path.read_text()) for path in sorted(results.glob("*/*.json"))}
    return {path: found for path, found in every.items() if found.get("commit_hash") == commit}


def combinations(row: list[Any]) -> Iterator[tuple[float | None, str]]:
    """The values of a benchmark's row, each with its parameters: `'step', 'base', 'graph'`.

    None is a failure, and NaN a combination that was not requested.
    """
    values, params = row[0], row[1]
    every = [", ".join(combination) for combination in itertools.product(*params)]
    return zip(values or [None] * len(every), every, strict=True)


def is_asked(name: str, parameters: str, patterns: Sequence[str]) -> bool:
    """Whether one of the expressions selects this benchmark, by the rules of asv."""
    return any(re.search(pattern, f"{name}({parameters})") for pattern in patterns)


def forget_unfinished(results: Path, commit: str, patterns: Sequence[str]) -> None:
    """Drop a commit's results of every benchmark that lacks a requested combination.

    asv takes a benchmark for done as soon as one of its combinations is; `merge` restores the dropped results.
    """
    for path, found in of_commit(results, commit).items():
        found["results"] = {
            name: row
            for name, row in found["results"].items()
            if not any(value != value and is_asked(name, one, patterns) for value, one in combinations(row))
        }
        path.write_text(json.dumps(found))


def add_times(
    target: Path, commit: str, size: str, times: dict[Any, list[float]], digests: dict[Any, str], *, threads: str
) -> None:
    """Add the times of a commit's loops, measured by the paired driver, to the results, as a separate series.

    Args:
        target: the folder of the results.
        times: seconds of a call, by `benchmarks.ab.sides.Loop`, with one value for each process.
        digests: the specification's digest by loop, asv's version of the benchmark.
        threads: the number of threads; another number is another series.
    """
    machine = this_machine()
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    date = int(git("show", "--no-patch", "--format=%at", commit)) * 1000
    with tempfile.TemporaryDirectory() as folder:
        machine.save(folder)
        for framework in dict.fromkeys(loop.framework for loop in times):
            requirements = {package: versions[0] for package, versions in installed(framework).items()}
            environment = get_env_name("paired", python, requirements, {})
            params = {**machine.__dict__, "python": python, **requirements, "clock": "paired"}
            results = Results(params, requirements, commit, date, python, environment, {THREADS: threads})
            for task in dict.fromkeys(loop.task for loop in times if loop.framework == framework):
                mine = {
                    (loop.loop, size, USUAL[framework]): loop
                    for loop in times
                    if (loop.task, loop.framework) == (task, framework)
                }
                if task not in names():  # the pages show the tasks of this checkout
                    continue
                name, axes = class_name(load(task), "cpu"), parameters(load(task), framework)
                loops = [mine.get(combination) for combination in itertools.product(*axes)]
                # asv replaces these zeros with the median of the samples; NaN marks combinations without a measurement.
                measured = BenchmarkResult(
                    [0.0 if loop else math.nan for loop in loops], [times[loop] if loop else None for loop in loops],
                    [1 if loop else None for loop in loops], 0, "", None,
                )  # fmt: skip
                about = {"name": f"{framework}_loops.{name}.time_loop", "version": digests[next(iter(mine.values()))]}
                results.add_result({**about, "params": [list(map(repr, axis)) for axis in axes]}, measured)
            results.save(folder)
        with locked(target):
            merge(Path(folder), target)


@contextlib.contextmanager
def locked(results: Path) -> Iterator[None]:
    """Only one run at a time may merge."""
    results.mkdir(parents=True, exist_ok=True)
    with open(results.parent / "results.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _newer(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """One file of a commit's results from two: the newer result for each benchmark and each of its parameters."""
    kept = dict(old["results"])
    for name, result in new["results"].items():
        before = _row(old, kept[name]) if name in kept else {}
        row = _row(new, result)
        if not before or before.get("version") != row.get("version") or before["params"] != row["params"]:
            kept[name] = result if _start(row) >= _start(before) else kept[name]
        else:
            earlier, later = sorted((before, row), key=_start)
            kept[name] = list(_filled(later, earlier).values())
    return {**new, "results": kept, "durations": {**old.get("durations", {}), **new.get("durations", {})}}


def _filled(later: dict[str, Any], earlier: dict[str, Any]) -> dict[str, Any]:
    """The later row, with the earlier row's results for the parameters that the later run did not request."""
    asked = [value == value for value in later["result"] or ()]  # asv writes NaN if it was not requested
    if all(asked) or not earlier["result"]:
        return later
    row = dict(later)
    for column in later:
        if column == "result" or column.startswith("stats_"):
            values = [one[column] or [None] * len(asked) for one in (later, earlier)]
            row[column] = [new if taken else old for taken, new, old in zip(asked, *values, strict=True)]
    return row


def _row(file: dict[str, Any], result: list[Any]) -> dict[str, Any]:
    """A result by column; asv leaves out the last columns if they are empty."""
    return dict(itertools.zip_longest(file["result_columns"], result))


def _start(row: dict[str, Any]) -> float:
    return row.get("started_at") or 0
