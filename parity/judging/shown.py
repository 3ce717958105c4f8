"""What a learner sees of a task: the tables that its exercise says to print, its claims, and what it aligns.

Where the frameworks print the same it stands once; where they do not, they stand side by side, or below one another
if a cell is a sentence.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.table import Table as View

from parity.judging.lesson import column_of, matrix_of, shown, text_of
from parity.judging.run import Outputs
from parity.judging.sweep import Result
from parity.judging.verdict import CLAIM
from parity.tables import table
from parity.task import FRAMEWORKS, Array, Cell, Gap, Matrix, Rows, Show, Table, Task

SHORT = 6  # characters of a number that is written as a decimal
ALIKE = 1e-5  # of a column's largest number: a smaller difference is below the digits that are shown
WIDEST = 24  # characters of a cell that stands beside those of other frameworks
NAMES = {"numpy": "NumPy", "torch": "PyTorch", "tf": "TF/Keras"}
Ways = Mapping[str, Outputs]  # the outputs by framework


def show_task(console: Console, task: Task, results: Sequence[Result]) -> None:
    """The exercise at its own sizes: what it prints in each framework, and which of its claims hold."""
    ran = {r.job.framework: r for r in results if r.job.name == task.name and is_own(r)}
    ways = {framework: ran[framework].outputs for framework in FRAMEWORKS if framework in ran}
    if not ways:
        return
    console.print(f"\n[bold]{task.title}[/] [dim]({task.name})[/]", highlight=False)
    console.print(task.lesson, markup=False, highlight=False)
    numbers = {**task.sizes["base"], **task.config}
    settings = ", ".join(f"{name} {setting(value)}" for name, value in numbers.items())
    console.print(settings, style="dim", highlight=False)
    for show in task.shows:
        console.print()
        if show.title and not isinstance(show, Matrix):  # a matrix of several frameworks has a title for each
            console.print(f"[bold]{show.title}[/]", highlight=False)
        for view in _views(show, ways):
            console.print(view, highlight=False)
    claims = list(_claims(ran))
    if claims:
        console.print()
    for line in claims:
        console.print(line, highlight=False)


def lesson_of(result: Result, torch: Outputs | None) -> dict[str, Any]:
    """The same of one framework as plain data for a file, with a trajectory's noise units by row."""
    claims = {
        text: row.verdict for row in result.rows for stage, _, text in [row.output.partition("/")] if stage == CLAIM
    }
    job = result.job
    return {
        "task": job.name, "framework": job.framework, "shows": shown(job.task, result.outputs, torch), "claims": claims,
        "units_by_row": result.growth,
    }  # fmt: skip


def setting(value: float | int | str) -> str:
    """A setting; a power of two that is no short decimal is written as one."""
    if isinstance(value, float) and len(str(value)) > SHORT and math.frexp(value)[0] == 0.5:
        return f"2^{math.frexp(value)[1] - 1}"
    return f"{value:g}" if isinstance(value, float) else str(value)


def is_own(result: Result) -> bool:
    """Whether a run is of the exercise's own sizes, in the dtype and mode that people use, and came to something."""
    job = result.job
    return bool(result.outputs or result.outputs.raised) and (job.size, job.dtype, job.device, job.mode) == (
        "base",
        "float32",
        "cpu",
        "eager",
    )


def _views(show: Show, ways: Ways) -> Iterator[View | str]:
    shared = alike(ways)
    if isinstance(show, Table):
        yield _table(show, shared)
    elif isinstance(show, Matrix):
        yield from _matrices(show, shared)
    else:
        yield from _rows(show, ways, shared)


def _table(show: Table, ways: Ways) -> View:
    """A column for each heading; for each framework one, where their cells differ."""
    columns: dict[str, tuple[str, ...]] = {}
    for heading, key in show.columns.items():
        of = {framework: column_of(key, outputs) for framework, outputs in ways.items()}
        columns |= together(heading, of)
    length = max(map(len, columns.values()))
    view = table("", [show.row, *columns], names=[show.row], right=columns, gap=2)
    for place in range(length):
        if place % show.every == 0 or place == length - 1:
            label = show.labels[place] if place < len(show.labels) else str(place + 1)
            view.add_row(label, *(cells[place] if place < len(cells) else "" for cells in columns.values()))
    return view


def alike(ways: Ways) -> Ways:
    """The outputs with the first framework's numbers for all whose own differ by rounding, so that they print alike."""
    found: dict[str, Outputs] = {}
    for framework, outputs in ways.items():
        mine = Outputs()
        for key, value in outputs.items():
            mine[key] = _shared(value, [other[key] for other in found.values() if key in other])
        found[framework] = mine
    return found


def _shared(value: Array, others: Iterable[Array]) -> Array:
    """The first of the others from which a real value differs by rounding alone; else the value itself."""
    for other in others:
        if value.dtype.kind == "f" and value.shape == other.shape:
            same = (value == other) | (np.isnan(value) & np.isnan(other))
            with np.errstate(invalid="ignore"):
                gap = np.where(same, 0, np.abs(value - other))
            if (gap <= ALIKE * np.abs(other[np.isfinite(other)]).max(initial=0)).all():
                return other
    return value


def _rows(show: Rows, ways: Ways, shared: Ways) -> Iterator[View | str]:
    """A row for each name; its cells side by side, or below it where one is a sentence."""

    def text(cell: Cell, framework: str) -> str:
        if isinstance(cell, Gap) and framework == "torch":
            return ""  # its difference to itself is no news
        outputs = shared[framework] if isinstance(cell, str) else ways[framework]
        return escape(text_of(cell, outputs, ways.get("torch")))

    cells = {name: [{f: text(cell, f) for f in ways} for cell in row] for name, row in show.rows.items()}
    if any(len(text) > WIDEST for row in cells.values() for of in row for text in of.values()):
        yield from _sentences(show, cells)
        return
    flat: dict[str, tuple[str, ...]] = {}
    for place, heading in enumerate(show.columns[1:]):
        of = {f: [row[place][f] for row in cells.values()] for f in ways}
        flat |= together(heading, {f: texts for f, texts in of.items() if any(texts)})
    view = table("", [show.columns[0], *flat], right=flat, gap=2)
    for place, name in enumerate(show.rows):
        view.add_row(name, *(texts[place] for texts in flat.values()))
    yield view


def _sentences(show: Rows, cells: Mapping[str, Sequence[Mapping[str, str]]]) -> Iterator[View | str]:
    first, *headings = show.columns
    view = table("", [first, headings[0] if len(headings) == 1 else ""], gap=2)
    for name, row in cells.items():
        view.add_row(f"[bold]{name}[/]")
        for heading, of in zip(headings, row, strict=True):
            name_of = heading if len(headings) > 1 else ""
            for who, texts in together(name_of, {f: [text] for f, text in of.items() if text}).items():
                view.add_row(f"  {who}", texts[0])
    yield view


def _matrices(show: Matrix, ways: Ways) -> Iterator[View | str]:
    of = {framework: ["\t".join(row) for row in matrix_of(show.of, outputs)] for framework, outputs in ways.items()}
    for heading, rows in together(show.title, of).items():
        cells = [row.split("\t") for row in rows]
        view = View(box=None, show_header=False, padding=(0, 2, 0, 0))
        for _ in zip(*cells):
            view.add_column(justify="right")
        for row in cells:
            view.add_row(*row)
        yield f"[bold]{heading}[/]"
        yield view


def together(heading: str, of: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """The same cells once, under the heading; else a column of each framework, or of those that agree."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for framework, texts in of.items():
        groups.setdefault(tuple(texts), []).append(NAMES[framework])
    if len(groups) == 1:
        return {heading: next(iter(groups))}
    return {f"{heading} {', '.join(names)}".strip(): texts for texts, names in groups.items()}


def _claims(ran: Mapping[str, Result]) -> Iterator[str]:
    """Each claim with a tick, or with the frameworks where it is not so."""
    said: dict[str, dict[str, str]] = {}
    for framework, result in ran.items():
        for row in result.rows:
            stage, _, text = row.output.partition("/")
            if stage == CLAIM:
                said.setdefault(escape(text), {})[framework] = row.verdict
    for text, verdicts in said.items():
        false = [NAMES[framework] for framework, verdict in verdicts.items() if verdict != "holds"]
        of = [NAMES[framework] for framework in verdicts] if len(verdicts) < len(ran) else []
        where = f" [dim]({', '.join(of)})[/]" if of and not false else ""
        yield f"[red]✗[/] {text} [red](not in {', '.join(false)})[/]" if false else f"[green]✓[/] {text}{where}"
