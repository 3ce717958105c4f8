"""Divergences measured here and now: one in full, or a check of many."""

import json
import math
from collections.abc import Callable, Sequence
from typing import Any

from rich.console import Console, Group
from rich.markup import escape
from rich.panel import Panel
from rich.progress import track
from rich.rule import Rule
from rich.syntax import Syntax
from rich.table import Table

from parity.divergences import Divergence
from parity.divergences.drift import FORMAT
from parity.divergences.measure import faults, measure_apart
from parity.divergences.report import columns, difference, side_by_side
from parity.divergences.side import short
from parity.frameworks.environment import environment
from parity.frameworks.runtime import Unavailable
from parity.judging.sweep import ask_frameworks, workers_of
from parity.judging.worker import WorkerError
from parity.task import FRAMEWORKS

Entry = type[Divergence]


def full(console: Console, entry: Entry) -> None:
    """An entry: why it matters, the sides as they come and after the cure, and what they come to on this machine."""
    console.print(
        Panel(escape(f"{entry.title}.\n\n{entry.why}"), title=f"{entry.name}: {entry.area}", title_align="left")
    )
    for row in side_by_side(entry, console.width):
        console.print(_beside(row, console.width))
    console.rule(style="dim")
    for key, value in _facts(console, entry).items():
        console.print(f"[bold]{key}[/]: {escape(value)}", highlight=False)
    if entry.script:
        console.print(_snippet("to be pasted upstream: the assert fails with the bug", entry.script))


def _beside(row: dict[str, str], width: int) -> Table:
    """One snippet, or two: a half of the width for each, or more for the longer one."""
    grid = Table.grid(padding=(0, 1, 0, 0))
    if len(row) == 2:
        first, second = map(columns, row.values())
        grid.add_column(width=max(first, min(width // 2 - 1, width - second - 2)))
    grid.add_column(ratio=1)
    grid.expand = True
    grid.add_row(*(_snippet(name.replace("aligned_", "after the cure: "), source) for name, source in row.items()))
    return grid


def _snippet(title: str, source: str) -> Group:
    code = Syntax(source, "python", theme="ansi_dark", word_wrap=True, background_color="default")
    return Group(Rule(title, align="left", style="dim"), code)


def check_all(console: Console, found: Sequence[Entry], write: Callable[[str], None] | None) -> int:
    """Measure the entries, show what no longer holds, and write what was measured; exit code 1 if anything fails."""
    rows = [_measured(entry) for entry in track(found, "measuring", console=console, transient=True)]
    broken = [row for row in rows if row.get("faults")]
    for row in broken:
        for fault in row["faults"]:
            console.print(f"[red]✗ {row['name']}[/] {escape(fault)}", highlight=False)
    ran, missing = (sum(key in row for row in rows) for key in ("gap", "unavailable"))
    counts = {"measured": ran, "no longer hold": len(broken)}
    counts |= {"documented only": sum(bool(entry.documented) for entry in found)}
    counts |= {"unavailable here": missing} if missing else {}
    console.print(", ".join(f"{count} {what}" for what, count in counts.items()), highlight=False)
    if write is not None:
        with workers_of(FRAMEWORKS) as workers:
            about = environment(ask_frameworks(workers))
        write(json.dumps({"format": FORMAT, "environment": about, "divergences": rows}, indent=1) + "\n")
    return int(bool(broken))


def _measured(entry: Entry) -> dict[str, Any]:
    """What came of an entry, as plain data."""
    row = {"name": entry.name, "area": entry.area, "title": entry.title, "recorded": _plain(entry.gap)}
    if entry.documented:
        return row
    try:
        measured = measure_apart(entry)
    except WorkerError as error:
        if error.failure.classes[0] == Unavailable.__name__:
            return {**row, "unavailable": error.failure.message}
        return {**row, "faults": [str(error)]}
    return {
        **row, "gap": _plain(measured.gap), "units": _plain(measured.units), "residual": _plain(measured.residual),
        "aligned_units": _plain(measured.aligned_units), "faults": faults(entry, measured),
        "outcomes": {side: short(one) for side, one in measured.outcomes.items()},
    }  # fmt: skip


def _plain(value: float | None) -> float | str | None:
    return "inf" if value == math.inf else value


def _facts(console: Console, entry: Entry) -> dict[str, str]:
    facts = {"apis": ", ".join(entry.apis), "source": entry.source, "cure": entry.cure}
    if entry.documented:
        return {"documented only": entry.documented, **facts}
    try:
        with console.status("measuring"):
            measured = measure_apart(entry)
    except WorkerError as error:
        return {"as recorded": difference(entry), "not measured": str(error), **facts}
    found = {"as it comes, here and now": difference(entry, measured)}
    found |= {side: short(here) for side, here in measured.outcomes.items()}
    if measured.aligned_units is not None:
        found["after the cure"] = f"{measured.aligned_units:.3g} noise units, 30 at most"
        if entry.residual:
            found["after the cure"] = f"a residual of {measured.residual:.1e}"
    if wrong := faults(entry, measured):
        found["no longer as recorded"] = "; ".join(wrong)
    return {**found, **facts}
