"""Times: a row for each loop and backend, and their ratios to each of the backends with geometric means."""

import itertools
import math
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from parity.judging.report import count_of
from parity.task import SIZES
from parity.timing.measure import COMPARED
from parity.timing.report import duration, factor

USUAL, FASTEST = "torch", "the fastest"  # what times are compared with
FULL = 3  # doublings of a ratio that have the full colour: eight times
NEEDED = (*COMPARED, "framework", "mode", "device", "dtype", "topic", "skip_reason")  # columns of a file of times


@dataclass(frozen=True)
class Column:
    """A backend of a result: `tf graph`."""

    result: str
    backend: str
    framework: str
    device: str
    mode: str
    dtype: str


@dataclass(frozen=True)
class Timed:
    """A loop's time in one backend; or why it has none."""

    column: Column
    machine: str  # the processor and its cores
    task: str
    topic: str
    loop: str
    size: str
    low: float
    median: float
    high: float
    units: float | None
    examples: float | None
    build: float | None
    first: float | None
    others: float | None  # the share of the cores that others took meanwhile
    disturbed: bool  # whether that is too much
    skip_reason: str

    @property
    def line(self) -> tuple[str, str, str, str]:
        return self.topic, self.task, self.loop, self.size

    def __str__(self) -> str:
        return f"{duration(self.median)} ({duration(self.low)} to {duration(self.high)})"


def rows_of(result: str, frame: pd.DataFrame) -> list[Timed]:
    """The rows of a file of times; columns that an older version did not write are None.

    Raises:
        ValueError: what is no number, or no time, where one is due.
    """

    def timed(row: dict[str, Any]) -> Timed:
        return Timed(
            Column(result, *(str(row[key]) for key in ("backend", "framework", "device", "mode", "dtype"))),
            machine=f"{row['cpu']}, {count_of(int(row['cores']), 'core')}",
            task=str(row["task"]), topic=str(row["topic"]), loop=str(row["loop"]), size=str(row["size"]),
            low=float(row["low_seconds"]), median=float(row["median_seconds"]), high=float(row["high_seconds"]),
            units=_number(row.get("units")), examples=_number(row.get("examples")),
            build=_number(row.get("build_seconds")), first=_number(row.get("first_seconds")),
            others=_number(row.get("others")), disturbed=str(row.get("disturbed")) == "True",
            skip_reason="" if pd.isna(row["skip_reason"]) else str(row["skip_reason"]),
        )  # fmt: skip

    rows = [timed({str(key): value for key, value in row.items()}) for row in frame.to_dict("records")]
    for row in rows:
        if not row.skip_reason and not 0 < row.low <= row.median <= row.high < math.inf:
            raise ValueError(f"{row.task} {row.loop} {row.column.backend} has no time and no reason")
    return rows


def place_of(size: str) -> int:
    """The place of a size among the others; one that this version does not have is the last."""
    return [*SIZES, size].index(size)


class Table:
    """Medians: a line for each loop, a column for each result and backend."""

    def __init__(self, rows: Iterable[Timed]) -> None:
        self.lines: dict[tuple[str, str, str, str], dict[Column, Timed]] = {}
        for row in rows:
            if not row.skip_reason:
                self.lines.setdefault(row.line, {})[row.column] = row
        self.columns = list(dict.fromkeys(column for line in self.lines.values() for column in line))

    @property
    def references(self) -> list[str]:
        """What a time can be compared with; torch first if every result has it, since what lacks it has no ratio."""
        of: dict[str, list[str]] = {}
        for column in self.columns:
            of.setdefault(column.result, []).append(column.backend)
        everywhere = [USUAL] if all(USUAL in backends for backends in of.values()) else []
        return list(dict.fromkeys([*everywhere, FASTEST, *itertools.chain.from_iterable(of.values())]))

    def ratios(self, line: Mapping[Column, Timed], column: Column) -> dict[str, float]:
        """A time's ratio to each reference of the same result: times of two machines are not compared."""
        if column not in line:
            return {}
        own = {other.backend: timed.median for other, timed in line.items() if other.result == column.result}
        own[FASTEST] = min(own.values())
        return {reference: line[column].median / own[reference] for reference in self.references if reference in own}

    def means(self, topic: str, column: Column) -> dict[str, float]:
        """The geometric means of a column's ratios, of a topic or ("") of all, over quiet loops that are complete."""
        beside = {other for other in self.columns if other.result == column.result}
        lines = [
            line
            for key, line in self.lines.items()
            if topic in ("", key[0]) and beside <= set(line) and not any(line[other].disturbed for other in beside)
        ]
        every = [self.ratios(line, column) for line in lines]
        return {
            reference: statistics.geometric_mean(ratios[reference] for ratios in every)
            for reference in (every[0] if every else ())
        }


def plain(ratio: float) -> list[Any]:
    """A ratio as the script of a page reads it: text, value, and heat from -1 (an eighth) to 1 (eight times)."""
    return [factor(ratio), round(ratio, 4), round(max(-1.0, min(1.0, math.log2(ratio) / FULL)), 3)]


def spread(rows: Iterable[Timed]) -> float:
    """From the least to the greatest turn as a share of the median: of half of the loops it is more."""
    return statistics.median((row.high - row.low) / row.median for row in rows)


def _number(value: Any) -> float | None:
    return None if value is None or pd.isna(value) else float(value)
