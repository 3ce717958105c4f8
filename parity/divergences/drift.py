"""Two files of measured divergences: what changed between two framework versions."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from parity.tables import paragraph
from parity.task import UsageError

FORMAT = 2  # of a file of measured divergences
CHANGED = 2.0  # a gap that grew or fell by more is a change
NONE = 1e-6  # a relative gap below this is rounding in float32


@dataclass(frozen=True)
class Change:
    """An entry that is not the same in both files."""

    name: str
    title: str
    how: str  # "changed", "another outcome", "only in one file", "no longer holds", "holds again"
    before: str
    after: str


def is_of_divergences(path: Path) -> bool:
    """Whether a file is one of measured divergences; a file of another kind, or none at all, is not."""
    try:
        return "divergences" in json.loads(path.read_text())
    except (OSError, ValueError, TypeError):
        return False


def read(path: Path) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """The environment, and the measured entries by name; UsageError for another file or format."""
    try:
        found = json.loads(path.read_text())
        if found["format"] != FORMAT:
            raise UsageError(f"{path} has format {found['format']!r}, this version reads {FORMAT}: measure again")
        rows = {row["name"]: row for row in found["divergences"]}
        for row in rows.values():
            _ = row["title"], row["outcomes"] if "gap" in row else None  # what is read of it
        return found["environment"], rows
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
            here = ["" if row is None else "there" for row in (a, b)]
            found.append(Change(name, str((a or b or {})["title"]), "only in one file", *here))
        elif "unavailable" not in a and "unavailable" not in b and (how := _how(a, b)):
            found.append(Change(name, a["title"], how, _said(a, how), _said(b, how)))
    return found


def report(console: Console, paths: Sequence[Path]) -> int:
    """Show what changed from the first file to the second; exit code 1 if anything did, 2 if they share nothing."""
    if len(paths) != 2:
        raise UsageError("divergences are compared two by two: name two files")
    (of_before, before), (of_after, after) = (read(path) for path in paths)
    found = changes(before, after)
    shared = sum(name in after and "gap" in row and "gap" in after[name] for name, row in before.items())
    for path, about in zip(paths, (of_before, of_after), strict=True):
        console.print(f"{path.name}: {_versions(about)}", highlight=False, markup=False)
    for change in found:
        console.print(f"[bold]{change.name}[/] {change.how}", highlight=False)
        for when, said in (("before", change.before), ("after", change.after)):
            console.print(paragraph(f"  {when}: {said}", console.width - 1), highlight=False, markup=False)
    console.print(f"{shared} divergences measured in both, {len(found)} changed", highlight=False)
    return 2 if not shared else int(bool(found))


def _versions(environment: Mapping[str, Any]) -> str:
    frameworks = environment.get("frameworks", {}).values()
    versions = {name: version for framework in frameworks for name, version in framework.get("versions", {}).items()}
    return ", ".join(f"{name} {version}" for name, version in versions.items()) or "versions unknown"


def _how(a: Mapping[str, Any], b: Mapping[str, Any]) -> str:
    """What changed in an entry, in a word; faults first, since the record knows what a gap below rounding means."""
    faults = [bool(row.get("faults")) for row in (a, b)]
    if faults[0] != faults[1]:
        return "no longer holds" if faults[1] else "holds again"
    if "gap" not in a or "gap" not in b:
        return ""
    small, large = sorted(float(row["gap"]) for row in (a, b))
    if math.isinf(large) and a["outcomes"] != b["outcomes"]:
        return "another outcome"
    if faults[0] or math.isinf(large) != math.isinf(small) or (math.isfinite(large) and large > CHANGED * small):
        return "" if large <= NONE or small == large else "changed"
    return ""


def _said(row: Mapping[str, Any], how: str) -> str:
    if how == "another outcome":
        return "; ".join(f"{side}: {text}" for side, text in row["outcomes"].items())
    if how in ("no longer holds", "holds again"):
        return "; ".join(row.get("faults", ())) or "holds"
    return f"{float(row['gap']):.2g}"
