"""The catalogue: an index to search, a page for each area, one of the equalities, and one for each entry."""

import math
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from parity.divergences import Divergence, areas, catalogue, of_area
from parity.divergences.entry import framework_of
from parity.divergences.report import difference, snippets
from parity.site.sources import Divergences, Found
from parity.site.writing import Site

Entry = type[Divergence]
EQUAL = "What is believed to differ between the frameworks, and does not: measured like the rest, within 30 units."


def write(site: Site, found: Found) -> None:
    """All pages of the catalogue."""
    every, measured = list(catalogue().values()), found.divergences
    rows = [_row(entry, measured) for entry in every]
    known = {name for part in measured.values() for name in part.entries}
    site.page(
        "divergences/index.html", "divergences.html", title="Divergences", rows=rows, areas=areas(), area="",
        is_measured=bool(measured), gone=sorted(known - set(catalogue())),
    )  # fmt: skip
    for area in areas():
        of = [row for row in rows if row["entry"].area == area]
        site.page(f"divergences/areas/{area}.html", "area.html", title=_words(area), rows=of, note=_note(area))
    equal = [row for row in rows if row["entry"].equal]
    site.page("divergences/equalities.html", "area.html", title="Equalities", rows=equal, note=EQUAL)
    aligning: dict[str, list[str]] = {}
    for task in found.tasks.values():
        for name in task.aligns:
            aligning.setdefault(name, []).append(task.name)
    for place, entry in enumerate(every):
        sources = snippets(entry)
        beside = [every[place - 1].name if place else "", every[place + 1].name if place + 1 < len(every) else ""]
        site.page(
            f"divergences/{entry.name}.html", "divergence.html", title=f"{entry.name}: {entry.title}", entry=entry,
            area=_words(entry.area), shared=_shared(entry, sources), columns=_columns(entry, sources), beside=beside,
            facts=list(_facts(entry, measured)), tasks=aligning.get(entry.name, []),
            recorded=_recorded(entry),
        )  # fmt: skip


def gap_of(entry: Entry, measured: Mapping[str, Divergences]) -> str:
    """How far the sides are apart as they come: as the first result measured it, else as recorded."""
    for part in measured.values():
        row = part.entries.get(entry.name, {})
        if "gap" in row:
            if not math.isfinite(float(row["gap"])):
                return f"measured: {difference(entry)}"
            units = float(row["units"])
            said = f", {units:,.0f} noise units" if math.isfinite(units) else ""
            return f"measured: a relative gap of {float(row['gap']):.1e}{said}"
    return f"as recorded: {_recorded(entry)}"


def about(entry: Entry) -> tuple[str, ...]:
    """What an entry is found by besides its name, title and APIs: parameters, symptoms, and its cure."""
    return entry.area, *entry.words, *entry.arguments, *entry.defaults, entry.cure


def _row(entry: Entry, measured: Mapping[str, Divergences]) -> dict[str, Any]:
    """A line of an index."""
    units = [
        float(part.entries[entry.name]["units"])
        for part in measured.values()
        if "units" in part.entries.get(entry.name, {})
    ]
    return {
        "entry": entry, "area": _words(entry.area), "kind": _kind(entry), "gap": _gap(entry),
        "order": -1.0 if entry.documented else min(entry.gap, 1e30),
        "units": max(units) if units else entry.units if math.isfinite(entry.units) else None,
        "text": "\n".join((entry.name, entry.title, *entry.apis, *about(entry))).lower(),
    }  # fmt: skip


def _kind(entry: Entry) -> str:
    if entry.documented:
        return "documented"
    if entry.equal:
        return "equal"
    return "differs" if math.isfinite(entry.gap) else "error or shape"


def _gap(entry: Entry) -> str:
    return {
        "documented": "documented",
        "equal": "equal",
        "error or shape": "error" if entry.raises else "shape, zero or NaN",
    }.get(_kind(entry), f"{entry.gap:.1e}")


def _recorded(entry: Entry) -> str:
    """The recorded gap in words."""
    if entry.documented:
        return f"documented only: {entry.documented}"
    return "equal within rounding" if entry.equal else difference(entry)


def _words(area: str) -> str:
    """`batch_norm` as a title."""
    return area.replace("_", " ").capitalize()


def _note(area: str) -> str:
    """What the area's module says of itself."""
    module = sys.modules[of_area(area)[0].__module__]
    return (module.__doc__ or "").strip()


def _shared(entry: Entry, sources: Mapping[str, str]) -> list[tuple[str, str]]:
    """The inputs, and what the sides call."""
    own = {*entry.sides, *(f"aligned_{side}" for side in entry.aligned)}
    return [(name, source) for name, source in sources.items() if name not in own]


def _columns(entry: Entry, sources: Mapping[str, str]) -> list[dict[str, Any]]:
    """A side each: as it comes, and after the cure where that changes it."""
    return [
        {
            "side": side, "framework": framework_of(entry, side), "first": place == 0, "as_it_comes": sources[side],
            "cured": sources.get(f"aligned_{side}", ""), "raises": entry.raises.get(side),
            "warns": entry.warns.get(side), "gives": entry.gives.get(side),
        }
        for place, side in enumerate(entry.sides)
    ]  # fmt: skip


def _facts(entry: Entry, measured: Mapping[str, Divergences]) -> Iterator[dict[str, str]]:
    """What each result measured: the gap and the residual, in relative size and in noise units."""
    for result, part in measured.items():
        row = part.entries.get(entry.name)
        if row is None:
            continue
        environment = part.environment.get("frameworks", {}).values()
        versions = ", ".join(
            f"{n} {v}" for info in environment for n, v in info.get("versions", {}).items() if v != "none"
        )
        outcomes = row.get("outcomes", {})
        yield {
            "result": result, "versions": versions, "gap": _number(row.get("gap"), ".1e"),
            "units": _units(row.get("units")), "residual": _number(row.get("residual"), ".1e"),
            "aligned": _units(row.get("aligned_units")), "faults": "; ".join(row.get("faults", ())),
            "outcomes": "; ".join(f"{side}: {what}" for side, what in outcomes.items()),
            "unavailable": row.get("unavailable", ""),
        }  # fmt: skip


def _number(value: Any, form: str) -> str:
    if value is None:
        return "–"
    number = float(value)
    return format(number, form) if math.isfinite(number) else "no measure"


def _units(value: Any) -> str:
    return _number(value, ",.0f" if value is not None and float(value) >= 1000 else ".3g")
