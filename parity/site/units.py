"""Noise units as cells: what is written, how bad it is, and how much of the 30 is used."""

import math
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from parity.judging.noise import LIMIT
from parity.judging.verdict import CLAIM, PASSING, Row

FAILED = 1e9  # sorts behind every number of units
T = TypeVar("T")
K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True)
class Cell:
    """A number of units, or a verdict without one."""

    text: str
    kind: str  # "", "none" or "bad": the class of the cell
    order: float
    heat: float  # the share of the limit that is used

    def plain(self) -> list[Any]:
        """The form in which the script of a page reads it."""
        return [self.order, self.text, self.kind, round(self.heat, 3)]


def cell(rows: Sequence[Row]) -> Cell:
    """The worst of these rows; a failure is worse than any number."""
    if not rows:
        return Cell("–", "none", -1, 0)
    worst = max(rows, key=order)
    units = worst.units or 0.0
    if worst.verdict not in PASSING:
        return Cell(f"{units:,.3g}" if 0 < units < math.inf else worst.verdict, "bad", order(worst), 1)
    return Cell(f"{units:.3g}" if units else worst.verdict, "", units, min(1.0, units / LIMIT))


def order(row: Row) -> float:
    """By which rows are sorted: the noise units, and failures behind them."""
    units = row.units or 0.0
    return units if row.verdict in PASSING else FAILED + min(units, FAILED)


def judged(rows: Iterable[Row]) -> list[Row]:
    """The rows about outputs, without claims and without what could not run."""
    return [row for row in rows if row.verdict != "unavailable" and not row.output.startswith(f"{CLAIM}/")]


def grouped(rows: Iterable[T], key: Callable[[T], K]) -> dict[K, list[T]]:
    """The rows by a key, in their order."""
    found: dict[K, list[T]] = {}
    for row in rows:
        found.setdefault(key(row), []).append(row)
    return found


def way(row: Row) -> str:
    """Device, dtype and mode, as the filters name them."""
    return f"{row.device} {row.dtype} {row.mode}"
