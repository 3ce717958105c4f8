"""Noise units as cells: what is written, how bad it is, and how much of the 30 is used."""

import math
from dataclasses import dataclass
from typing import Any

import pandas as pd

from parity.judging.noise import LIMIT
from parity.judging.verdict import CLAIM, PASSING

WAY = ["device", "dtype", "mode"]
FAILED = 1e9  # sorts behind every number of units


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


def cell(rows: pd.DataFrame) -> Cell:
    """The worst of these rows; a failure is worse than any number."""
    if rows.empty:
        return Cell("–", "none", -1, 0)
    failed = rows[~rows["verdict"].isin(PASSING)]
    if not failed.empty:
        units = failed["units"].max()
        text = f"{units:,.3g}" if math.isfinite(units) else str(failed["verdict"].iloc[0])
        return Cell(text, "bad", FAILED + (units if math.isfinite(units) else FAILED), 1)
    units = rows["units"].max()
    if pd.isna(units) or not units:
        return Cell("exact" if "exact" in set(rows["verdict"]) else str(rows["verdict"].iloc[0]), "", 0, 0)
    return Cell(f"{units:.3g}", "", float(units), min(1.0, float(units) / LIMIT))


def judged(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows about outputs, without claims and without what could not run."""
    return rows[(rows["verdict"] != "unavailable") & ~rows["output"].str.startswith(f"{CLAIM}/")]


def by_way(rows: pd.DataFrame) -> dict[str, Cell]:
    """The worst by device, dtype and mode: `cpu float32 eager`."""
    return {" ".join(map(str, way)): cell(group) for way, group in rows.groupby(WAY, sort=False)}  # type: ignore[arg-type]
