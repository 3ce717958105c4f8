"""Times as cells: medians, and their ratios to each of the backends with geometric means."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from scipy import stats

from parity.timing.measure import COMPARED
from parity.timing.report import duration, factor

FASTEST = "the fastest"
TIMED = (*COMPARED, "framework", "mode", "device", "dtype", "topic", "skip_reason")
FULL = 3  # doublings of a ratio that have the full colour: eight times


@dataclass(frozen=True)
class Column:
    """A backend of a result: `tf graph`."""

    result: str
    backend: str
    device: str
    mode: str
    dtype: str


def timed(times: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The rows with a time, of all results, with the result's name; those that are missing a column have None."""
    frames = [rows[rows["skip_reason"] == ""].assign(result=name) for name, rows in times.items()]
    frame = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=[*TIMED, "result"])
    # Files of older versions do not say whether the machine was disturbed.
    return frame.assign(disturbed=frame["disturbed"] == True if "disturbed" in frame else False)  # noqa: E712


def columns_of(rows: pd.DataFrame) -> list[Column]:
    """The backends, result by result, in the order of the file."""
    kept = rows[["result", "backend", "device", "mode", "dtype"]].drop_duplicates()
    return [Column(*map(str, row)) for row in kept.itertuples(index=False)]


def medians(rows: pd.DataFrame) -> pd.DataFrame:
    """Seconds: a row for each topic, task, loop and size, a column for each result and backend."""
    return rows.pivot_table(
        index=["topic", "task", "loop", "size"], columns=["result", "backend"], values="median_seconds", sort=False
    )


def ratios(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """By reference, every median's ratio to the reference's of the same result and loop.

    The reference is a backend or the fastest of a result: times of two machines are not compared.
    """
    backends = dict.fromkeys(table.columns.get_level_values("backend"))
    found = {FASTEST: _by_result(table, lambda own: own.min(axis=1))}
    for backend in backends:
        found[backend] = _by_result(
            table, lambda own, name=backend: own.xs(name, axis=1, level="backend").iloc[:, 0]
            if name in own.columns.get_level_values("backend") else pd.Series(math.nan, own.index),
        )  # fmt: skip
    return found


def _by_result(table: pd.DataFrame, reference: Any) -> pd.DataFrame:
    parts = [
        own.div(reference(own), axis=0) for _, own in table.T.groupby(level="result", sort=False) for own in [own.T]
    ]
    return pd.concat(parts, axis=1)[table.columns]


def means(found: pd.DataFrame) -> dict[str, pd.Series]:
    """The geometric means of ratios by topic, and over all under "", over loops that all backends of a result have."""
    whole = found.dropna()
    parts = {"": whole, **{str(topic): part for topic, part in whole.groupby(level="topic", sort=False)}}
    return {topic: pd.Series(stats.gmean(part), part.columns) for topic, part in parts.items() if len(part)}


def plain(ratio: float) -> list[Any] | None:
    """A ratio as the script of a page reads it: text, value, and heat from -1 (an eighth) to 1 (eight times)."""
    if not math.isfinite(ratio):
        return None
    return [factor(ratio), round(ratio, 4), round(max(-1.0, min(1.0, math.log2(ratio) / FULL)), 3)]


def said(row: Any) -> str:
    """A median with its interval."""
    return f"{duration(row.median_seconds)} ({duration(row.low_seconds)} to {duration(row.high_seconds)})"
