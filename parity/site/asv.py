"""asv's result files as rows: a value for each benchmark, combination, commit, machine and environment.

asv writes `results/MACHINE/COMMIT-ENVIRONMENT.json`; the columns of a result are named in each file, and the last ones
are left out where they are empty (asv's manual, "Reference: benchmark results").
"""

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from parity.task import DEVICES, UsageError
from parity.tasks import names

FIGURES = {  # by asv's name of the function: what it is, and its unit
    "time_loop": ("time", "seconds"),
    "peakmem_loop": ("peak memory", "bytes"),
    "track_first_call": ("first call", "seconds"),
    "track_noise_units": ("noise units", "noise units"),
    "track_throughput": ("throughput", "examples/s"),
}
MOVED = 0.05  # relative: the least change that is marked, as in asv.conf.json
NOT_PACKAGES = ("machine", "arch", "cpu", "num_cpu", "os", "ram", "python", "version")  # among asv's parameters
COLUMNS = ("machine", "versions", "commit", "date", "framework", "task", "device", "figure", "loop", "size", "mode",
           "value", "low", "high", "digest")  # fmt: skip


@dataclass(frozen=True)
class History:
    """What asv has measured."""

    rows: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(COLUMNS)))
    pages: Path | None = None  # asv's own, if they were made


def read_history(folder: Path) -> History:
    """Everything in asv's folder, which has `results` and perhaps `html`; empty if there is none.

    Raises:
        UsageError: a file is damaged.
    """
    rows = [row for path in sorted(folder.glob("results/*/*.json")) if path.stem != "machine" for row in _rows(path)]
    pages = folder / "html"
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).sort_values("date", kind="stable", ignore_index=True)
    return History(frame, pages if (pages / "index.html").exists() else None)


def changes(series: pd.DataFrame) -> pd.Series:
    """Of one series in the order of its commits, which values moved.

    A value moved if it is more than `MOVED` from the one before and their 99 % intervals do not overlap, or if what is
    timed is another since then.
    """
    before = series.shift()
    far = (series["value"] / before["value"] - 1).abs() > MOVED
    apart = (series["low"] > before["high"]) | (series["high"] < before["low"])
    other = before["digest"].notna() & (series["digest"] != before["digest"])
    return (far & apart) | other


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    try:
        found = json.loads(path.read_text())
        packages = {name: text for name, text in found["params"].items() if name not in NOT_PACKAGES and text}
        threads = found.get("env_vars", {}).get("OMP_NUM_THREADS", "")
        packages |= {"threads": threads} if threads else {}
        about = {
            "machine": path.parent.name, "commit": found["commit_hash"],
            "date": pd.Timestamp(found["date"], unit="ms"),
            "versions": ", ".join(f"{name} {text}" for name, text in packages.items()),
        }  # fmt: skip
        for name, values in found["results"].items():
            row = dict(zip(found["result_columns"], values, strict=False))
            yield from ({**about, **one} for one in _values(name, row))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{path} is no file of asv's results ({error!r}): delete it, and measure again") from error


def _values(name: str, row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The measured combinations of one benchmark: `torch_loops.ConvBlockCpu.time_loop`."""
    module, suite, function = name.split(".")
    device = next(device for device in DEVICES if suite.endswith(device.title()))
    by_suite = {known.title().replace("_", ""): known for known in names()}
    task = by_suite.get(suite.removesuffix(device.title()), suite)
    columns = [row["result"], row.get("stats_ci_99_a"), row.get("stats_ci_99_b")]
    combinations = list(itertools.product(*([word.strip("'") for word in axis] for axis in row["params"])))
    filled = (column or [None] * len(combinations) for column in columns)
    for (loop, size, mode), value, low, high in zip(combinations, *filled, strict=True):
        if value is not None and value == value:  # None is a failure, NaN was not asked for
            yield {
                "framework": module.removesuffix("_loops"), "task": task, "device": device, "figure": function,
                "loop": loop, "size": size, "mode": mode, "value": value, "digest": row.get("version"),
                "low": value if low is None or low != low else low,
                "high": value if high is None or high != high else high,
            }  # fmt: skip
