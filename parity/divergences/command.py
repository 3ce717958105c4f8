"""`parity divergences`: an index, a search, an entry in full, a porter's checklist, and a check of them all."""

import itertools
import json
import math
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.progress import track
from rich.syntax import Syntax

from parity.divergences import Divergence, areas, catalogue, find, of_area
from parity.divergences.apis import apis_of, entries_for
from parity.divergences.measure import faults, measure_apart
from parity.divergences.report import as_it_comes, snippets
from parity.frameworks.environment import environment
from parity.frameworks.runtime import Unavailable
from parity.judging.sweep import ask_frameworks, workers_of
from parity.judging.worker import WorkerError
from parity.task import FRAMEWORKS, UsageError, nearest

Entry = type[Divergence]
FORMAT = 1  # of a file of measured divergences


def chosen(words: Sequence[str], used: str) -> list[Entry]:
    """The entries that are asked for: of an area, of a name, by words, or for the APIs that somebody uses; or all.

    Args:
        used: APIs by name, separated by blanks, or a Python file that uses them; "" for neither.

    Raises:
        UsageError: there is none.
    """
    if used:
        found = entries_for(apis_of(Path(used)) if used.endswith(".py") else used.split())
        if not found:
            raise UsageError(f"no divergence is known of {used}; parity divergences WORD searches them all")
        return found
    asked = " ".join(words)
    exact = [entry for name, entry in catalogue().items() if name.lower() == asked.lower()]
    area = asked.lower() if asked.lower() in areas() else ""
    found = exact or (of_area(area) if area else find(asked))
    if not found:
        near = nearest(asked, [*catalogue(), *areas()])
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise UsageError(f"no divergence has {asked!r} in its name, its title, its APIs or its words{hint}")
    return found


def index(console: Console, found: Sequence[Entry], *, cures: bool = False) -> None:
    """The entries, those of an area together; with their cures as a checklist, in the order that they are given in."""
    if cures:
        for entry in found:
            _line(console, entry)
            cure = textwrap.fill(f"cure: {entry.cure}", console.width - 4, break_long_words=False)
            console.print(textwrap.indent(cure, "    "), style="dim", markup=False, highlight=False)
        return
    for area, of in itertools.groupby(found, key=lambda entry: entry.area):
        console.print(f"[bold]{area}[/]", highlight=False)
        for entry in of:
            _line(console, entry)
    console.print(f"{len(found)} entries; parity divergences NAME shows one and measures it", style="dim")


def full(console: Console, entry: Entry) -> None:
    """An entry: why it matters, the sides as they come and after the cure, and what they come to on this machine."""
    console.print(
        Panel(escape(f"{entry.title}.\n\n{entry.why}"), title=f"{entry.name}: {entry.area}", title_align="left")
    )
    for name, source in snippets(entry).items():
        console.rule(name.replace("aligned_", "after the cure: "), align="left", style="dim")
        console.print(Syntax(source, "python", theme="ansi_dark", word_wrap=True, background_color="default"))
    console.rule(style="dim")
    for key, value in _facts(console, entry).items():
        console.print(f"[bold]{key}[/]: {escape(value)}", highlight=False)


def check(console: Console, found: Sequence[Entry], write: Callable[[str], None] | None) -> int:
    """Measure the entries, show what no longer holds, and write what was measured; exit code 1 if anything fails."""
    rows = [_measured(entry) for entry in track(found, "measuring", console=console, transient=True)]
    broken = [row for row in rows if row.get("faults")]
    for row in broken:
        for fault in row["faults"]:
            console.print(f"[red]✗ {row['name']}[/] {escape(fault)}", highlight=False)
    ran, missing = (sum(key in row for row in rows) for key in ("gap", "unavailable"))
    counts = {"measured": ran, "no longer hold": len(broken), "documented only": len(rows) - ran - missing}
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
    if entry.status != "runs":
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
        "outcomes": {side: str(one.error) if one.error else "value" for side, one in measured.outcomes.items()},
    }  # fmt: skip


def _plain(value: float | None) -> float | str | None:
    return "inf" if value == math.inf else value


def _line(console: Console, entry: Entry) -> None:
    gap = "equal" if entry.equal else "error or shape" if math.isinf(entry.gap) else f"{entry.gap:.1e}"
    text = f"{entry.name}  {entry.title} ({'documented' if entry.status != 'runs' else gap})"
    lines = textwrap.fill(text, console.width - 2, subsequent_indent="    ", break_long_words=False)
    console.print(textwrap.indent(lines, "  "), markup=False, highlight=False)


def _facts(console: Console, entry: Entry) -> dict[str, str]:
    facts = {"apis": ", ".join(entry.apis), "source": entry.source, "cure": entry.cure}
    if entry.status != "runs":
        return {"status": "documented only: no machine without a GPU can run it", **facts}
    try:
        with console.status("measuring"):
            measured = measure_apart(entry)
    except WorkerError as error:
        return {"as recorded": as_it_comes(entry).partition(": ")[2], "not measured": str(error), **facts}
    found = {"as it comes, here and now": as_it_comes(entry, measured).partition(": ")[2].partition("; cure")[0]}
    for side, here in measured.outcomes.items():
        if here.error is not None:
            found[side] = str(here.error)
    if measured.aligned_units is not None:
        found["after the cure"] = f"{measured.aligned_units:.3g} noise units, 30 at most"
        if entry.residual:
            found["after the cure"] = f"a residual of {measured.residual:.1e}"
    if wrong := faults(entry, measured):
        found["no longer as recorded"] = "; ".join(wrong)
    return {**found, **facts}
