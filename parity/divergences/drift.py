"""Two files of measured divergences: which gaps appeared, vanished or changed between two framework versions."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from parity.tables import table
from parity.task import UsageError

FORMAT = 1  # of a file of measured divergences
CHANGED = 2.0  # a gap that grew or fell by more is a change
NONE = 1e-6  # a relative gap below this is rounding in float32


@dataclass(frozen=True)
class Change:
    """An entry that is not the same in both files."""

    name: str
    title: str
    how: str  # "appeared", "vanished", "changed", "another error", "only in one file", "no longer holds"
    before: str
    after: str


def is_of_divergences(path: Path) -> bool:
    """Whether a file is one of measured divergences; a file of another kind, or none at all, is not."""
    try:
        return "divergences" in json.loads(path.read_text())
    except (OSError, ValueError, TypeError):
        return False


def read(path: Path) -> dict[str, dict[str, Any]]:
    """The measured entries by name; UsageError for another file or format."""
    try:
        found = json.loads(path.read_text())
        if found["format"] != FORMAT:
            raise UsageError(f"{path} has format {found['format']!r}, this version reads {FORMAT}: measure again")
        return {row["name"]: row for row in found["divergences"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        if isinstance(error, UsageError):
            raise
        raise UsageError(f"{path} is no file of divergences; parity divergences --json NEW.json writes one") from error


def changes(before: Mapping[str, dict[str, Any]], after: Mapping[str, dict[str, Any]]) -> list[Change]:
    """What differs between two files, entry by entry; an entry that was unavailable in one of them is left out."""
    found = []
    for name in dict.fromkeys([*before, *after]):
        a, b = before.get(name), after.get(name)
        if a is None or b is None:
            title = str((a or b or {})["title"])
            here = ["" if row is None else "there" for row in (a, b)]
            found.append(Change(name, title, "only in one file", *here))
        elif "gap" in a and "gap" in b and (how := _how(a, b)):
            found.append(Change(name, a["title"], how, _said(a, how), _said(b, how)))
    return found


def report(console: Console, paths: Sequence[Path]) -> int:
    """Show what changed from the first file to the second; exit code 1 if anything did, 2 if they share nothing."""
    if len(paths) != 2:
        raise UsageError("divergences are compared two by two: name two files")
    before, after = (read(path) for path in paths)
    found = changes(before, after)
    shared = sum(name in after and "gap" in row and "gap" in after[name] for name, row in before.items())
    if found:
        view = table("Divergences that changed", ("name", "how", "before", "after"), names=("name",))
        for change in found:
            view.add_row(change.name, change.how, escape(change.before), escape(change.after))
        console.print(view)
    console.print(f"{shared} divergences measured in both, {len(found)} changed", highlight=False)
    return 2 if not shared else int(bool(found))


def _how(a: Mapping[str, Any], b: Mapping[str, Any]) -> str:
    if a["outcomes"] != b["outcomes"]:
        return "another error"
    gaps = [float(row["gap"]) for row in (a, b)]
    if max(gaps) <= NONE:
        return ""
    if gaps[0] <= NONE or gaps[1] <= NONE:
        return "appeared" if gaps[0] <= NONE else "vanished"
    small, large = sorted(gaps)
    if math.isinf(large) != math.isinf(small) or (math.isfinite(large) and large > CHANGED * small):
        return "changed"
    if not a["faults"] and b["faults"]:
        return "no longer holds"
    return ""


def _said(row: Mapping[str, Any], how: str) -> str:
    if how == "another error":
        return "; ".join(f"{side}: {text}" for side, text in row["outcomes"].items())
    if how == "no longer holds":
        return "; ".join(row["faults"]) or "holds"
    return f"{float(row['gap']):.2g}"
