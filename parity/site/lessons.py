"""What an exercise says to print, from a file of results: as a table, and as a plot where its rows have an order."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from parity.judging.lesson import column_of, matrix_of
from parity.judging.run import Outputs
from parity.judging.shown import NAMES, WIDEST, alike, together
from parity.site import plots
from parity.site.plots import Figure
from parity.site.writing import Site
from parity.task import Array

# What a row is, where a line from one to the next has a meaning.
IN_ORDER = ("epoch", "step", "layer", "passes", "call", "forward")
MEASURES = ("loss", "accuracy", "rate", "gradient")  # headings with the same word share a plot
LEAST = 3  # points of a line
MOST = 14  # labels of an axis
DECADES = 100.0  # the greatest value over the least, from which an axis is logarithmic

Shows = Mapping[str, Mapping[str, Any]]  # one `show` of a lesson, by framework


@dataclass(frozen=True)
class View:
    """A table as a page shows it, with its plots."""

    title: str
    columns: list[str]
    rows: list[list[str]]
    figures: list[Figure]
    is_text: bool = False  # cells are sentences


def views(site: Site, task: str, lessons: Mapping[str, Mapping[str, Any]]) -> list[View]:
    """Everything that the exercise says to print, in its order."""
    count = max((len(lesson["shows"]) for lesson in lessons.values()), default=0)
    found = []
    for place in range(count):
        shows = {f: lesson["shows"][place] for f, lesson in lessons.items() if place < len(lesson["shows"])}
        kind = next(iter(shows.values()))["kind"]
        shows = {f: show for f, show in shows.items() if show["kind"] == kind}
        found += {"table": _table, "matrix": _matrix, "rows": _rows}[kind](site, f"{task}-{place + 1}", shows)
    return found


def _table(site: Site, name: str, shows: Shows) -> list[View]:
    first = next(iter(shows.values()))
    ways = alike({f: _outputs(show["columns"]) for f, show in shows.items()})
    columns: dict[str, tuple[str, ...]] = {}
    for heading in first["columns"]:
        columns |= together(heading, {f: column_of(heading, outputs) for f, outputs in ways.items()})
    length = max(map(len, columns.values()), default=0)
    labels = [*first["labels"], *(str(number) for number in range(len(first["labels"]) + 1, length + 1))]
    rows = [[labels[n], *(cells[n] if n < len(cells) else "" for cells in columns.values())] for n in range(length)]
    title = first["title"] or f"By {first['row']}"
    figures = _figures(site, name, title, first["row"], labels, shows) if first["row"] in IN_ORDER else []
    return [View(title, [first["row"], *columns], rows, figures)]


def _figures(site: Site, name: str, title: str, row: str, labels: Sequence[str], shows: Shows) -> list[Figure]:
    """A plot for each measure among the headings, all frameworks on it."""
    headings: dict[str, list[str]] = {}
    for heading in next(iter(shows.values()))["columns"]:
        headings.setdefault(next((word for word in MEASURES if word in heading.lower()), ""), []).append(heading)
    found = []
    for measure, of in headings.items():
        curves, whose = {}, {}
        for heading in of:
            for framework, show in shows.items():
                values = show["columns"].get(heading)
                if isinstance(values, list) and len(values) >= LEAST and not any(isinstance(v, list) for v in values):
                    curve = NAMES[framework] if len(of) == 1 else f"{NAMES[framework]} {heading}"
                    curves[curve], whose[curve] = [plots.number(value) for value in values], framework
        numbers = [value for values in curves.values() for value in values if value is not None]
        if not numbers:
            continue
        wide = min(numbers) > 0 and max(numbers) / min(numbers) > DECADES
        heading = title if len(headings) == 1 else f"{title}: {measure or ', '.join(of)}"
        found.append(site.figure(
            f"{name}-{measure or 'values'}", heading, plots.in_words(curves),
            plots.lines(curves, labels, frameworks=whose), [row, *curves],
            plots.beside(labels, curves),
            xaxis={"title": {"text": row}, "type": "category", "dtick": math.ceil(len(labels) / MOST)},
            yaxis={"title": {"text": of[0] if len(of) == 1 else measure}, **({"type": "log"} if wide else {})},
        ))  # fmt: skip
    return found


def _matrix(site: Site, name: str, shows: Shows) -> list[View]:
    ways = alike({f: _outputs({"": show["value"]}) for f, show in shows.items()})
    of = {f: ["\t".join(row) for row in matrix_of("", outputs)] for f, outputs in ways.items()}
    title = next(iter(shows.values()))["title"]
    return [View(heading, [], [row.split("\t") for row in rows], []) for heading, rows in together(title, of).items()]


def _rows(site: Site, name: str, shows: Shows) -> list[View]:
    first = next(iter(shows.values()))
    columns: dict[str, tuple[str, ...]] = {}
    for place, heading in enumerate(first["columns"][1:]):
        cells = {
            f: [row[place] if place < len(row) else "" for row in show["rows"].values()] for f, show in shows.items()
        }
        columns |= together(heading, cells)
    rows = [[label, *(cells[n] for cells in columns.values())] for n, label in enumerate(first["rows"])]
    sentences = any(len(cell) > WIDEST for row in rows for cell in row[1:])
    return [View(first["title"], [first["columns"][0], *columns], rows, [], sentences)]


def _outputs(columns: Mapping[str, Any]) -> Outputs:
    return Outputs({name: _array(values) for name, values in columns.items() if values is not None})


def _array(values: Any) -> Array:
    """The numbers again; what JSON has no number for was written as text."""
    array = np.asarray(values)
    return array.astype("float64") if array.dtype.kind in "OU" else array
