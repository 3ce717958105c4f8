"""`parity divergences`: an index, a search, and a porter's checklist.  No framework is imported."""

import itertools
import math
import textwrap
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from parity.divergences import Divergence, areas, catalogue, find, of_area
from parity.divergences.apis import apis_of, entries_for
from parity.task import UsageError, nearest

Entry = type[Divergence]


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


def _line(console: Console, entry: Entry) -> None:
    gap = "equal" if entry.equal else "error or shape" if math.isinf(entry.gap) else f"{entry.gap:.1e}"
    text = f"{entry.name}  {entry.title} ({'documented' if entry.status != 'runs' else gap})"
    lines = textwrap.fill(text, console.width - 2, subsequent_indent="    ", break_long_words=False)
    console.print(textwrap.indent(lines, "  "), markup=False, highlight=False)
