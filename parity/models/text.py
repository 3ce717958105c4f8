"""A report as it is printed: the table of the layers, and the faults in words."""

import math
import textwrap
from typing import TYPE_CHECKING, Any

from parity.judging.noise import LIMIT
from parity.models.report import Fault, Report, units

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

FIRST = "<- first"  # the first layer whose output differs
NARROW = 32  # columns of a note below two names


def print_report(report: Report, console: "Console") -> None:
    """The table of the layers, then the faults in words."""
    from parity.tables import least_width, paragraph, unpadded

    view = _table(report, stacked=False)
    if least_width(console, view) > console.width:
        view = _table(report, stacked=True)
    unpadded(console, view)
    lines = [line for alike in _grouped(report.faults) for line in entry(alike)]
    allowed = [
        f"allowed: {line}" if i == 0 else line
        for alike in _grouped(report.allowed)
        for i, line in enumerate(entry(alike))
    ]
    for line in (*lines, *allowed, *report.notes, report.verdict()):
        indent = line[: len(line) - len(line.lstrip())]
        console.print(paragraph(line, console.width, indent=indent or "    "), markup=False, highlight=False)


def _table(report: Report, *, stacked: bool) -> "Table":
    """The layers, both names in one line or one below the other."""
    from rich.markup import escape

    from parity.tables import table

    heads = ("first\n  second",) if stacked else ("first", "second")
    columns = ("isolated", "float32", "propagated", "float32 ")
    runs = f" ({report.jittered} jittered runs)" if report.jittered else ""
    view = table(
        f"Noise units, {LIMIT:.0f} agree{runs}", (*heads, *columns, *([] if stacked else [""])),
        names=(*heads, *columns), right=columns, gap=1 if stacked else 2,
    )  # fmt: skip
    marked = False
    for row in (*report.rows, *report.outputs):
        bad = row.propagated is not None and row.propagated > LIMIT and not marked
        marked = marked or bad
        figures = (row.isolated, row.isolated_float32, row.propagated, row.propagated_float32)
        mark = FIRST if bad else row.note
        words = [row.first, row.second, mark]
        if stacked:
            words = ["\n  ".join([*filter(None, words[:2]), *textwrap.wrap(mark, NARROW)])]
        start, end = (words, []) if stacked else (words[:2], words[2:])
        view.add_row(*map(escape, start), *map(_cell, figures), *map(escape, end))
    if not stacked:
        view.columns[-1].min_width = len(FIRST)
    return view


def _grouped(faults: list[Fault]) -> list[list[Fault]]:
    """The faults of one kind, cause and note together, where the cause is known."""
    found: dict[Any, list[Fault]] = {}
    for i, fault in enumerate(faults):
        key = (fault.part, fault.cause, fault.note) if fault.title else i
        found.setdefault(key, []).append(fault)
    return list(found.values())


def entry(alike: list[Fault]) -> list[str]:
    """A fault in lines, or several of one kind with the list of their places."""
    fault = alike[0]
    finite = [one.units for one in alike if math.isfinite(one.units)]
    place = fault.place if len(alike) == 1 else f"{len(alike)} places"
    most = f" {'up to ' * (len(alike) > 1)}{units(max(finite))} of {LIMIT:.0f}" if finite else ""
    lines = [f"{place} [{fault.part}]{most}: {f'{fault.cause}: {fault.title}' if fault.title else fault.cause}"]
    lines += [f"    {', '.join(one.place for one in alike)}"] if len(alike) > 1 else []
    lines += [f"    {fault.note}"] if fault.note else []
    return lines + ([f"    aligned by: {fault.cure}"] if fault.cure else [])


def _cell(value: float | None) -> str:
    if value is None:
        return "-"
    text = "inf" if math.isinf(value) else f"{value:,.0f}" if value >= 100 else f"{value:.1f}"
    return f"[red]{text}[/]" if value > LIMIT else text
