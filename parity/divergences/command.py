"""`parity divergences`: an index, a search, and a porter's checklist.  No framework is imported."""

import math
import os
import re
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from parity.divergences import Divergence, areas, catalogue, find, of_area
from parity.divergences.apis import entries_for, equal_for, known, only_with, unseen
from parity.divergences.search import FILLING
from parity.divergences.usage import apis_of, arguments_of
from parity.judging.noise import LIMIT
from parity.tables import paragraph
from parity.task import UsageError, nearest

Entry = type[Divergence]
DOTTED = re.compile(r"[A-Za-z_]\w*(\.\w+)+")


def chosen(words: Sequence[str], used: str | None) -> list[Entry]:
    """The entries that are asked for: of an area, of a name, by words, or for the APIs that somebody uses; or all.

    Args:
        used: APIs by name, separated by blanks, or a Python file that uses them; None for neither.

    Raises:
        UsageError: there is none.
    """
    if used is not None and words:
        raise UsageError("--for is a checklist of its own: search for words without it")
    if used is not None:
        return _checklist(used)
    asked = " ".join(words).strip("'\"")
    if not asked:
        return list(catalogue().values())
    area = of_area(asked.lower()) if asked.lower() in areas() else []
    first = area or _about(asked.split())
    found = named(words) or [*first, *(entry for entry in find(asked) if entry not in first)]
    if not found:
        near = nearest(asked, [*catalogue(), *areas()])
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise UsageError(f"no divergence has {asked!r} in its name, its title, its APIs or its text{hint}")
    return found


def named(words: Sequence[str]) -> list[Entry]:
    """The entries of these names; none where no word is a name such as BN-EPS, or where others search beside it.

    Raises:
        UsageError: a word beside a name is in no entry at all.
    """
    asked = [word.strip("'\",") for word in " ".join(words).split()]
    entries = [catalogue().get(word.upper()) for word in asked]
    if any(entry and "-" in word for entry, word in zip(entries, asked, strict=True)):
        others = [word for entry, word in zip(entries, asked, strict=True) if not entry]
        if unknown := [word for word in others if not _is_anywhere(word)]:
            near = nearest(unknown[0], catalogue())
            hint = f"; did you mean {' or '.join(near)}?" if near else ""
            raise UsageError(f"no divergence has {unknown[0]!r} in its name or its text{hint}")
    return [entry for entry in entries if entry] if all(entries) else []


def _is_anywhere(word: str) -> bool:
    """Whether an entry has it, each of its parts for itself; what is no word to search for is passed over."""
    return all(find(part) or FILLING.fullmatch(part.lower()) for part in re.findall(r"\w+", word))


def _about(words: Sequence[str]) -> list[Entry]:
    """The entries of an API, where nothing else is asked for: of `torch.nn.Conv2d`, `nn.GRU` or `GRU`."""
    last = {api.rpartition(".")[2].lower() for entry in catalogue().values() for api in entry.apis}
    if all(DOTTED.fullmatch(word) for word in words) or (len(words) == 1 and words[0].lower() in last):
        apis = known(words)
        return [*entries_for(apis), *equal_for(apis)]
    return []


def _checklist(used: str) -> list[Entry]:
    """The entries for a file, or for named APIs, each of which must be known; equalities are last."""
    apis, arguments = _used(used)
    found = [*entries_for(apis, arguments), *equal_for(apis)]
    if not found:
        raise UsageError(f"no divergence is known of what {used} uses")
    return found


def _used(used: str) -> tuple[list[str], set[str]]:
    """The APIs of a file and the arguments that it gives, or the APIs that are named."""
    if _is_file(used):
        return sorted(apis_of(Path(used))), arguments_of(Path(used))
    return known(re.split(r"[,\s]+", used.strip(", "))), set()


def _is_file(used: str) -> bool:
    """Whether this is a file and no API; a UsageError says what --for does not take."""
    if not used.strip(", "):
        raise UsageError("--for is given nothing: it takes APIs, as BatchNorm2d, or a Python file")
    path = Path(used)
    if path.suffix == ".ipynb":
        raise UsageError(f"{used} is a notebook: jupyter nbconvert --to script {used} makes a Python file of it")
    return path.suffix == ".py" or os.sep in used or (path.exists() and not entries_for([used]))


def index(console: Console, found: Sequence[Entry]) -> None:
    """The entries in the order that they are given in, all of them by area."""
    area = ""
    for entry in found:
        if len(found) == len(catalogue()) and entry.area != area:
            area = entry.area
            console.print(f"[bold]{area}[/]", highlight=False)
        _text(console, f"  {entry.name}  {entry.title} ({_size(entry)})")
    console.print(f"{len(found)} entries; parity divergences NAME shows one and measures it", style="dim")


def checklist(console: Console, found: Sequence[Entry], used: str) -> None:
    """The entries with their cures; of a file in a line at the end, those that do not show with what it gives."""
    apis, arguments = _used(used)
    hidden = [entry for entry in found if _is_file(used) and not entry.equal and unseen(entry, apis, arguments)]
    for entry in found:
        if not entry.equal and entry not in hidden:
            noise = "noise units of float64" if entry.dtype == "float64" else "noise units"
            size = f"{entry.units:,.0f} {noise}" if LIMIT < entry.units < math.inf else _size(entry)
            only = f", only with {' or '.join(only_with(entry))}" if only_with(entry) else ""
            _text(console, f"  {entry.name}  {entry.title} ({size}{only})")
            _text(console, f"    cure: {entry.cure}", style="dim")
    if hidden:
        names = ", ".join(entry.name for entry in hidden)
        _text(console, f"  only with other arguments than {used} gives: {names}", style="dim")
    if equal := [entry.name for entry in found if entry.equal]:
        _text(console, f"  believed to differ, and equal: {', '.join(equal)}", style="dim")


def _text(console: Console, text: str, style: str = "") -> None:
    console.print(paragraph(text, console.width - 1), style=style, markup=False, highlight=False)


def _size(entry: Entry) -> str:
    """The recorded gap in a word."""
    if entry.documented:
        return "documented"
    if entry.equal:
        return "equal within rounding"
    if math.isfinite(entry.gap):
        return f"{entry.gap:.1e}"
    return "error" if entry.raises else "another shape, zero or NaN"
