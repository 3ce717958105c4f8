"""A divergence in words: one line of it, and the functions that show it."""

import inspect
import math
import textwrap
from typing import TYPE_CHECKING

from parity.divergences.entry import Divergence

if TYPE_CHECKING:
    from parity.divergences.measure import Measured


def as_it_comes(entry: type[Divergence], measured: "Measured | None" = None) -> str:
    """A line: what differs, by how much as it comes, as recorded or as measured here, and the cure."""
    if entry.equal:
        return f"{entry.name}: {entry.title} (equal within rounding)"
    if entry.status == "documented":
        return f"{entry.name}: {entry.title}; cure: {entry.cure}"
    return f"{entry.name}: {entry.title} ({difference(entry, measured)}); cure: {entry.cure}"


def snippets(entry: type[Divergence]) -> dict[str, str]:
    """The source of the inputs, of each side as it comes, of each that the cure changes, and of what these call."""
    functions = {**entry.sides, **{f"aligned_{side}": f for side, f in entry.aligned.items()}}
    if "inputs" in vars(entry):
        functions = {"inputs": vars(entry)["inputs"], **functions}
    shown = {name: textwrap.dedent(inspect.getsource(f)).rstrip() for name, f in functions.items()}
    used = {
        name: f.__globals__[name] for f in functions.values() for name in f.__code__.co_names if name in f.__globals__
    }
    for name, what in used.items():
        if inspect.isfunction(what):
            shown[name] = inspect.getsource(what).rstrip()
        elif name.isupper():
            shown[name] = f"{name} = {what}"
    return shown


def difference(entry: type[Divergence], measured: "Measured | None" = None) -> str:
    """How far apart the sides are as they come, in words."""
    gap = entry.gap if measured is None else measured.gap
    if math.isfinite(gap):
        units = "" if measured is None or math.isinf(measured.units) else f" ({measured.units:,.0f} noise units)"
        return f"{_listed(entry)} differ by {gap:.1e}{units}"
    if entry.raises:
        return " and ".join(f"{side} raises {kind}" for side, (kind, _) in entry.raises.items())
    return f"{_listed(entry)} differ in more than rounding: in shape, or where one is zero or NaN"


def _listed(entry: type[Divergence]) -> str:
    *others, last = entry.sides
    return f"{', '.join(others)} and {last}"
