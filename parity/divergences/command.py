"""`parity divergences`: an index, a search, and a porter's checklist.  No framework is imported."""

import itertools
import math
import re
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from parity.divergences import Divergence, areas, catalogue, find, of_area
from parity.divergences.apis import apis_of, entries_for
from parity.tables import paragraph
from parity.task import UsageError, nearest

Entry = type[Divergence]


def chosen(words: Sequence[str], used: str) -> list[Entry]:
    """The entries that are asked for: of an area, of a name, by words, or for the APIs that somebody uses; or all.

    Args:
        used: APIs by name, separated by blanks, or a Python file that uses them; "" for neither.

    Raises:
        UsageError: there is none.
    """
    if used and words:
        raise UsageError("--for is a checklist of its own: search for words without it")
    if used:
        return _checklist(used)
    asked = " ".join(words).strip("'\"")
    exact = [entry for name, entry in catalogue().items() if name.lower() == asked.lower()]
    area = of_area(asked.lower()) if asked.lower() in areas() else []
    found = exact or [*area, *(entry for entry in find(asked) if entry not in area)]
    if not found:
        near = nearest(asked, [*catalogue(), *areas()])
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise UsageError(f"no divergence has {asked!r} in its name, its title, its APIs or its words{hint}")
    return found


def _checklist(used: str) -> list[Entry]:
    """The entries for a file, or for named APIs, each of which must be known."""
    if used.endswith(".py"):
        found = entries_for(apis_of(Path(used)))
        if not found:
            raise UsageError(f"no divergence is known of what {used} uses")
        return found
    names = re.split(r"[,\s]+", used.strip(", "))
    unknown = [name for name in names if not entries_for([_last_of(name)])]
    if unknown:
        raise UsageError(f"no divergence is known of {', '.join(unknown)}; parity divergences WORD searches them all")
    return entries_for(map(_last_of, names))


def _last_of(name: str) -> str:
    """`nn.GRU` is `GRU`; a name in full is kept."""
    return name if name.partition(".")[0] in ("torch", "keras", "tf", "numpy") else name.rpartition(".")[2]


def index(console: Console, found: Sequence[Entry], *, cures: bool = False) -> None:
    """The entries, those of an area together; with their cures as a checklist, in the order that they are given in."""
    if cures:
        for entry in found:
            _line(console, entry)
            cure = paragraph(f"    cure: {entry.cure}", console.width - 1)
            console.print(cure, style="dim", markup=False, highlight=False)
        return
    for area, of in itertools.groupby(found, key=lambda entry: entry.area):
        console.print(f"[bold]{area}[/]", highlight=False)
        for entry in of:
            _line(console, entry)
    console.print(f"{len(found)} entries; parity divergences NAME shows one and measures it", style="dim")


def _line(console: Console, entry: Entry) -> None:
    console.print(
        paragraph(f"  {entry.name}  {entry.title} ({_size(entry)})", console.width - 1), markup=False, highlight=False
    )


def _size(entry: Entry) -> str:
    """The recorded gap in a word."""
    if entry.status != "runs":
        return "documented"
    if entry.equal:
        return "equal within rounding"
    if math.isfinite(entry.gap):
        return f"{entry.gap:.1e}"
    return "error" if entry.raises else "another shape, zero or NaN"
