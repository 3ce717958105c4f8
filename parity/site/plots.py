"""Figures: traces and layout in plotly's own words, with a text alternative and the data as a table."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from parity.task import FRAMEWORKS

# Each has a contrast of at least 3 on white and on black, and differs from the others in lightness too.
COLOURS = dict(zip(FRAMEWORKS, ("#2f81d0", "#d9541e", "#8a63d2"), strict=True))
OTHERS = ("#0f8a7e", "#b8860b", "#c2417f", "#6b7f8f", "#5b8a2f")
MARKS = dict(zip(FRAMEWORKS, ("circle", "square", "diamond"), strict=True))
DASHES = ("solid", "dot", "dash", "dashdot")
NAMES = {"numpy": "NumPy", "torch": "PyTorch", "tf": "TF/Keras"}
MOST = 200  # rows of the data that stand on the page; the file has all

Cells = Sequence[Sequence[object]]


@dataclass(frozen=True)
class Figure:
    """A plot as a page shows it."""

    title: str
    says: str  # the text alternative
    traces: list[dict[str, Any]]
    layout: dict[str, Any]
    columns: list[str]
    data: list[list[object]]
    csv: str  # the address of the data, from the site's root


def lines(
    by_name: Mapping[str, Sequence[float | None]], x: Sequence[object], *, frameworks: Mapping[str, str]
) -> list[dict[str, Any]]:
    """A line for each name; frameworks that hide one another are told apart by marker and dash.

    Args:
        frameworks: of each name, whose colour it takes.
    """
    seen: dict[str, int] = {}
    traces = []
    for name, y in by_name.items():
        framework = frameworks.get(name, "")
        number = seen.setdefault(framework, 0)
        seen[framework] += 1
        colour = COLOURS.get(framework, OTHERS[number % len(OTHERS)])
        # The first is drawn widest, so that one sees that others lie upon it.
        width = 6 - 2 * (list(FRAMEWORKS).index(framework) if framework in FRAMEWORKS else 2)
        traces.append({
            "type": "scatter", "mode": "lines+markers", "name": name, "x": list(x), "y": list(y),
            "line": {"color": colour, "dash": DASHES[number % len(DASHES)], "width": width},
            "marker": {"symbol": MARKS.get(framework, "circle"), "size": 5 + width / 2},
        })  # fmt: skip
    return traces


def beside(labels: Sequence[object], curves: Mapping[str, Sequence[object]]) -> list[list[object]]:
    """The data of lines as a table: a row for each label, a column for each line; what a line lacks is None."""
    return [
        [label, *(values[place] if place < len(values) else None for values in curves.values())]
        for place, label in enumerate(labels)
    ]


def in_words(by_name: Mapping[str, Sequence[Any]]) -> str:
    """What a screen reader says of lines: where each begins and ends."""
    said = []
    for name, values in by_name.items():
        numbers = [value for value in values if isinstance(value, int | float) and math.isfinite(value)]
        if numbers:
            said.append(f"{name} from {numbers[0]:.3g} to {numbers[-1]:.3g}")
    return "; ".join(said)


def number(value: Any) -> float | None:
    """A number that a plot can show; None for infinity, NaN and text."""
    try:
        found = float(value)
    except (TypeError, ValueError):
        return None
    return found if math.isfinite(found) else None
