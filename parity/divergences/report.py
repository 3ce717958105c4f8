"""A divergence in words: one line of it, and the functions that show it."""

import ast
import functools
import inspect
import math
import sys
import textwrap
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from parity.divergences.entry import Divergence
from parity.judging.noise import LIMIT

if TYPE_CHECKING:
    from parity.divergences.measure import Measured

WIDE = 120  # columns of a terminal that has place for two snippets


def as_it_comes(entry: type[Divergence], measured: "Measured | None" = None) -> str:
    """A line: what differs, by how much as it comes, as recorded or as measured here, and the cure."""
    if entry.equal:
        return f"{entry.name}: {entry.title} (equal within rounding)"
    if entry.documented:
        return f"{entry.name}: {entry.title}; cure: {entry.cure}"
    return f"{entry.name}: {entry.title} ({difference(entry, measured)}); cure: {entry.cure}"


def snippets(entry: type[Divergence]) -> dict[str, str]:
    """The source of the inputs, of each side as it comes, of each that the cure changes, and of all that these call."""
    functions = {**entry.sides, **{f"aligned_{side}": f for side, f in entry.aligned.items()}}
    if "inputs" in vars(entry):
        functions = {"inputs": vars(entry)["inputs"], **functions}
    shown = {name: textwrap.dedent(inspect.getsource(f)).rstrip() for name, f in functions.items()}
    constants, waiting = {}, [*functions.values()]
    for function in waiting:
        for name, what in _called(function):
            if name not in shown and inspect.isfunction(what):
                shown[name] = inspect.getsource(what).rstrip()
                waiting.append(what)  # what it calls itself comes after it
            elif name.isupper():
                written = _constants(function.__module__).get(name, str(what))
                constants[name] = textwrap.fill(f"{name} = {written}", 76, subsequent_indent="    ")
    return shown | constants


@functools.cache
def _constants(module: str) -> dict[str, str]:
    """The constants of a module of ours as they are written, 2.0**-10, and those that it imports from another."""
    source, found = inspect.getsource(sys.modules[module]), {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign):
            target, whole = node.targets[0], node.value
            names, values = [target], [whole]
            if isinstance(target, ast.Tuple) and isinstance(whole, ast.Tuple):
                names, values = target.elts, whole.elts
            for name, value in zip(names, values, strict=True):
                found[ast.unparse(name)] = ast.get_source_segment(source, value) or ""
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{__package__}."):
            other = _constants(str(node.module))
            found |= {alias.name: other[alias.name] for alias in node.names if alias.name in other}
    return found


def side_by_side(entry: type[Divergence], width: int) -> Iterator[dict[str, str]]:
    """The snippets in rows: on a wide terminal two of the sides, of the cures or of their helpers, where both fit."""
    waiting = list(snippets(entry).items())
    while waiting:
        pair = waiting[:2]
        alike = len({_kind(entry, name, source) for name, source in pair}) == 1
        count = 2 if width >= WIDE and alike and sum(columns(source) + 1 for _, source in pair) <= width else 1
        yield dict(waiting[:count])
        del waiting[:count]


def _kind(entry: type[Divergence], name: str, source: str) -> str:
    if name in entry.sides:
        return "side"
    if name.startswith("aligned_"):
        return "cure"
    return "helper" if name != "inputs" and source.startswith("def ") else name


def columns(source: str) -> int:
    """The length of its longest line."""
    return max(map(len, source.splitlines()))


def _called(function: Callable[..., Any]) -> Iterator[tuple[str, Any]]:
    """What a function of ours takes from its module, the functions within it too."""
    codes = [function.__code__]
    for code in codes:
        codes += [constant for constant in code.co_consts if inspect.iscode(constant)]
        for name in code.co_names:
            if name in function.__globals__:
                yield name, function.__globals__[name]


def difference(entry: type[Divergence], measured: "Measured | None" = None) -> str:
    """How far apart the sides are as they come, in words."""
    gap = entry.gap if measured is None else measured.gap
    if math.isfinite(gap):
        units = ""
        if measured is not None and LIMIT < measured.units < math.inf:
            units = f" ({measured.units:,.0f} noise units)"
        return f"{_listed(entry)} differ by {gap:.1e}{units}"
    if entry.raises:
        return " and ".join(f"{side} raises {kind}" for side, (kind, _) in entry.raises.items())
    return f"{_listed(entry)} differ in more than rounding: in shape, or where one is zero or NaN"


def _listed(entry: type[Divergence]) -> str:
    *others, last = entry.sides
    return f"{', '.join(others)} and {last}"
