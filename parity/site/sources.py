"""What a folder of results holds: runs, times, measured divergences, compared models and asv's history, by result.

A result is what one machine wrote, with one set of versions: a folder below the given one, or the files in it.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from parity.divergences import drift
from parity.judging import results
from parity.judging.verdict import Row
from parity.site import units
from parity.site.asv import History, read_history
from parity.site.times import NEEDED, Timed, place_of, rows_of
from parity.task import SIZES, Task, UsageError
from parity.tasks import load, names
from parity.timing import measure

USUAL = ("parity", "times", "divergences", "models")  # names of files that say nothing about whose they are
MEASURED = {  # of a pair of layers, in noise units
    "isolated": "isolated", "isolated_float32": "in float32", "propagated": "propagated",
    "propagated_float32": "in float32", "edge": "between the layers",
}  # fmt: skip
HERE = "here"  # the name of a result that has no other
KINDS = "parity run --json, time --output, divergences --json and models --json"


@dataclass(frozen=True)
class Run:
    """What `parity run --json` wrote."""

    environment: dict[str, Any]
    rows: list[Row]
    lessons: list[dict[str, Any]]


@dataclass(frozen=True)
class Divergences:
    """What `parity divergences --json` wrote."""

    environment: dict[str, Any]
    entries: dict[str, dict[str, Any]]


@dataclass
class Found:
    """Everything that the site is made of, by result; any part may be empty."""

    tasks: dict[str, Task] = field(default_factory=lambda: {name: load(name) for name in names()})
    runs: dict[str, Run] = field(default_factory=dict)
    times: dict[str, list[Timed]] = field(default_factory=dict)
    divergences: dict[str, Divergences] = field(default_factory=dict)
    models: dict[str, dict[str, Any]] = field(default_factory=dict)
    history: History = field(default_factory=History)

    def judged(self) -> list[tuple[str, list[Row]]]:
        """The rows about outputs, by result."""
        return [(name, units.judged(run.rows)) for name, run in self.runs.items()]

    @property
    def timed(self) -> list[Timed]:
        """The rows of times, of all results."""
        return [row for rows in self.times.values() for row in rows]

    @property
    def results(self) -> list[str]:
        """The names of the results, those with a run first."""
        return list(dict.fromkeys([*self.runs, *self.times, *self.divergences]))


def read(folder: Path, history: Path) -> Found:
    """Everything in a folder of results, and in asv's folder.

    Raises:
        UsageError: the folder is missing; a file is damaged, of an older format, or none of parity's.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder of results; tox run -e compare makes results/")
    found = Found(history=read_history(history))
    for path in files(folder):
        add(found, path, folder)
    return found


def files(folder: Path) -> list[Path]:
    """What is read of a folder of results; what is hidden is unfinished."""
    found = [*folder.rglob("*.json"), *folder.rglob("times*.csv")]
    return sorted(path for path in found if not any(part.startswith(".") for part in path.relative_to(folder).parts))


def add(found: Found, path: Path, folder: Path) -> None:
    """One file of a folder of results; UsageError as `read`."""
    name = _name(path.relative_to(folder))
    if path.suffix == ".csv":
        _add_times(found.times, path, name)
        return
    kind = _kind(path)
    part: dict[str, Any] = getattr(found, kind)
    if name in part:
        raise _second(path, kind, name)
    if kind == "runs":
        part[name] = Run(*results.read(path), results.read_lessons(path))
    elif kind == "divergences":
        part[name] = Divergences(*drift.read(path))
    else:
        part[name] = _models(path)


def _add_times(times: dict[str, list[Timed]], path: Path, name: str) -> None:
    """The rows of one size: `times.csv`, `large/times.csv` and `times-tiny.csv` are of one result."""
    name = " ".join(word for word in name.split() if word not in SIZES) or HERE
    try:
        rows = rows_of(name, measure.read_rows(path, NEEDED))
    except UsageError:
        raise
    except ValueError as error:
        raise UsageError(f"{path} is damaged ({error}): write it again with parity time --output FOLDER") from error
    before = times.setdefault(name, [])
    if {row.size for row in before} & {row.size for row in rows}:
        raise _second(path, "times", name)
    before.extend(rows)
    before.sort(key=lambda row: place_of(row.size))


def _second(path: Path, kind: str, name: str) -> UsageError:
    return UsageError(f"{path} is a second file of {kind} of the result {name!r}: give each its own folder")


def _models(path: Path) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(path.read_text())
    try:
        for row in (*report["layers"], *report["outputs"]):
            _ = row["first"], row["second"], [float(row.get(key) or 0) for key in MEASURED]
        _ = [fault[key] for fault in report["faults"] for key in ("first", "second", "part", "cause", "title", "cure")]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UsageError(f"{path} is damaged ({error!r}): write it again with parity models --json {path}") from error
    return report


def _kind(path: Path) -> str:
    """Which part of `Found` a JSON file is, by the keys that only this kind has."""
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} is damaged, it is no JSON ({error}): write it again, or move it away") from error
    keys = set(content) if isinstance(content, dict) else set()
    kinds = {"divergences": {"divergences"}, "runs": {"environment", "rows"}, "models": {"layers", "faults", "agrees"}}
    kind = next((kind for kind, telling in kinds.items() if telling <= keys), "")
    if not kind:
        raise UsageError(f"{path} is no file of {KINDS}: move it away")
    return kind


def _name(path: Path) -> str:
    """`ubuntu/parity.json` and `ubuntu/times.csv` are of the result `ubuntu`."""
    parts = [*path.parent.parts, path.stem]
    for usual in USUAL:
        parts[-1] = parts[-1].removeprefix(usual).strip("-_.")
    return " ".join(filter(None, parts)) or HERE
