"""asv's result files as series: a benchmark's values over the commits, on one machine and with one set of versions.

asv writes `results/MACHINE/COMMIT-ENVIRONMENT.json`; the columns of a result are named in each file, and the last ones
are left out where they are empty (asv's manual, "Reference: benchmark results").
"""

import datetime
import itertools
import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from parity.task import DEVICES, FRAMEWORKS, UsageError
from parity.tasks import names

FIGURES = {  # by asv's name of the function: what it is, and its unit
    "time_loop": ("time", "seconds"),
    "peakmem_loop": ("peak memory", "bytes"),
    "track_first_call": ("first call", "seconds"),
    "track_noise_units": ("noise units", "noise units"),
    "track_throughput": ("throughput", "examples/s"),
}
BENCHMARK = re.compile(rf"(\w+)_loops\.(\w+)({'|'.join(device.title() for device in DEVICES)})\.(\w+)")
MOVED = 0.05  # relative: the least change that is marked, as in asv.conf.json
NOT_PACKAGES = ("machine", "arch", "cpu", "num_cpu", "os", "ram", "python", "version")  # among asv's parameters


@dataclass(frozen=True)
class Key:
    """What makes two values comparable."""

    machine: str
    versions: str
    framework: str
    task: str
    device: str
    figure: str
    loop: str
    size: str
    mode: str


@dataclass(frozen=True)
class Point:
    """A value at a commit, with its 99 % interval; unknown ends are infinite."""

    commit: str
    date: datetime.datetime
    value: float
    low: float
    high: float
    digest: str  # of what is timed


@dataclass(frozen=True)
class History:
    """What asv has measured: each series in the order of its commits."""

    series: dict[Key, list[Point]] = field(default_factory=dict)
    pages: Path | None = None  # asv's own, if they were made


def read_history(folder: Path) -> History:
    """Everything in asv's folder, which has `results` and perhaps `html`; empty if there is none.

    Raises:
        UsageError: a file is damaged.
    """
    series: dict[Key, list[Point]] = {}
    for path in sorted(folder.glob("results/*/*.json")):
        if path.stem != "machine":
            for key, point in _points(path):
                series.setdefault(key, []).append(point)
    for points in series.values():
        points.sort(key=lambda point: point.date)
    pages = folder / "html"
    in_order = sorted(series, key=lambda key: [*FRAMEWORKS, key.framework].index(key.framework))
    return History({key: series[key] for key in in_order}, pages if (pages / "index.html").exists() else None)


def moved(before: Point, after: Point) -> bool:
    """Whether a value moved: by more than `MOVED` with intervals apart, or what is timed is another since then."""
    apart = after.low > before.high or after.high < before.low
    far = before.value != 0 and abs(after.value / before.value - 1) > MOVED
    return (far and apart) or before.digest != after.digest


def _points(path: Path) -> Iterator[tuple[Key, Point]]:
    try:
        found = json.loads(path.read_text())
        packages = {name: text for name, text in found["params"].items() if name not in NOT_PACKAGES and text}
        threads = found.get("env_vars", {}).get("OMP_NUM_THREADS", "")
        packages |= {"threads": threads} if threads else {}
        versions = ", ".join(f"{name} {text}" for name, text in packages.items())
        date = datetime.datetime.fromtimestamp(found["date"] / 1000, datetime.UTC)
        for name, values in found["results"].items():
            row = dict(zip(found["result_columns"], values, strict=False))
            for where, value, low, high in _values(name, row):
                yield (
                    Key(path.parent.name, versions, *where),
                    Point(found["commit_hash"], date, value, low, high, str(row.get("version"))),
                )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{path} is no file of asv's results ({error!r}): delete it, and measure again") from error


def _values(name: str, row: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], float, float, float]]:
    """The measured combinations of one benchmark, `torch_loops.ConvBlockCpu.time_loop`: where, value, low and high.

    A benchmark with another name or other parameters is of a suite that is no more, and has none.
    """
    known = BENCHMARK.fullmatch(name)
    if known is None or len(row["params"]) != 3:
        return
    framework, suite, device, function = known.groups()
    task = {own.title().replace("_", ""): own for own in names()}.get(suite, suite)
    axes = [[word.strip("'") for word in axis] for axis in row["params"]]
    combinations = list(itertools.product(*axes))
    columns = [row.get(key) or [None] * len(combinations) for key in ("result", "stats_ci_99_a", "stats_ci_99_b")]
    for (loop, size, mode), value, low, high in zip(combinations, *columns, strict=True):
        if value is not None and value == value:  # None is a failure, NaN was not asked for
            where = (framework, task, device.lower(), function, loop, size, mode)
            if function == "time_loop":  # the others are single values
                yield where, float(value), float(_or(low, -math.inf)), float(_or(high, math.inf))
            else:
                yield where, float(value), float(value), float(value)


def _or(value: float | None, default: float) -> float:
    return default if value is None or value != value else value
