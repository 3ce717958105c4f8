"""Weights that no layer's rule covers: a position table, a class token, a scale of the model's own."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from parity.models.partners import Pair, Pairing
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
    covered = {id(v) for pair in pairs for call in (*pair.first, *pair.second) for v in _variables(call)}
    covered |= {id(v) for call in calls if kind_of(call.layer) for v in _variables(call)}
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


def without_partner(pairing: Pairing, rest: Iterable[Leftover]) -> str:
    """The layers without a partner, in words, those that could be each other's together; "" where there are none.

    Not those whose weights are carried over nonetheless: another layer shares them, or they are the model's own.
    """
    carried = {id(v) for part in rest for v in (part.source, part.target)}
    carried |= {id(v) for pair in pairing.pairs for call in (*pair.first, *pair.second) for v in _variables(call)}
    left = ([c for c in calls if not {id(v) for v in _variables(c)} <= carried] for calls in pairing.alone)
    said = [", ".join(f"{call.name} ({call.kind or 'own'})" for call in calls) for calls in left]
    if all(said):
        both = f"{said[0]} of the first model and {said[1]} of the second"
        return f"{both} have no partner: give names= if they are each other's"
    place, have = "first" if said[0] else "second", "have" if ", " in said[0] or ", " in said[1] else "has"
    return f"{said[0] or said[1]} of the {place} model {have} no partner" if any(said) else ""


def _variables(call: Call) -> list[Any]:
    return [v for slot in slots_of(call.layer) for v in slot.variables]


def _last(name: str) -> str:
    return name.replace("/", ".").rpartition(".")[2]
