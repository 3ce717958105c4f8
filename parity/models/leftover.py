"""Weights that no layer's rule covers: a position table, a class token, a scale of the model's own."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from parity.models.partners import Pair
from parity.models.watch import Call
from parity.models.weights import kind_of, slots_of


@dataclass(frozen=True)
class Leftover:
    """A weight of either model that is not a layer's, with its name there."""

    first: str
    second: str
    source: Any
    target: Any


def left_over(
    first: dict[str, Any], second: dict[str, Any], pairs: Iterable[Pair], calls: Iterable[Call]
) -> tuple[list[Leftover], list[str]]:
    """Partners by name, else by shape in their order; and in words what has none.

    Args:
        first, second: all variables of both models by name.
        calls: of both models; the weights of a layer with a rule are not left over, though it has no partner.
    """
    covered = {
        id(v)
        for pair in pairs
        for call in (*pair.first, *pair.second)
        for s in slots_of(call.layer)
        for v in s.variables
    }
    covered |= {id(v) for call in calls if kind_of(call.layer) for s in slots_of(call.layer) for v in s.variables}
    one, two = ({n: v for n, v in side.items() if id(v) not in covered} for side in (first, second))
    found: list[Leftover] = []
    for name, v in one.items():
        fitting = [other for other, w in two.items() if tuple(w.shape) == tuple(v.shape)]
        fitting.sort(key=lambda other: _last(other) != _last(name))
        if fitting:
            found.append(Leftover(name, fitting[0], v, two.pop(fitting[0])))
    alone = [name for name in one if name not in {part.first for part in found}]
    notes = [f"{name} of the first model has no partner" for name in alone]
    return found, notes + [f"{name} of the second model has no partner" for name in two]


def _last(name: str) -> str:
    return name.replace("/", ".").rpartition(".")[2]
