"""Partners among siblings of one shape: those that take what partners return, whatever the order of the calls."""

from collections.abc import Mapping
from typing import Any

from parity.models.watch import Call
from parity.models.weights import slots_of

Match = tuple[list[Any], list[Any]]  # layers of the pairing, as it has aligned them


def by_flow(
    matched: list[Match], pinned: list[Match], first: Mapping[int, Call], second: Mapping[int, Call]
) -> list[Match]:
    """The same matches; where two layers of one kind and shape have each other's partner, they are exchanged.

    That is known where the input comes straight from another layer with weights on both sides: two normalisations of
    equal size belong each to the convolution before it.

    Args:
        pinned: other partners, which stay what they are.
        first, second: all calls of both models by their index.
    """
    found: dict[int | None, tuple[Any, Any]] = {
        xs[0].call.index: (xs[0], ys[0]) for xs, ys in matched if len(xs) == len(ys) == 1
    }
    fixed: dict[int | None, int] = {xs[0].call.index: ys[0].call.index for xs, ys in pinned}
    for at in sorted(index for index in found if index is not None):
        x, y = found[at]
        mine, theirs = _origin(x.call, first), _origin(y.call, second)
        due = fixed.get(mine) if mine not in found else found[mine][1].call.index
        if due is None or theirs is None or due == theirs:
            continue
        for other, (x2, y2) in found.items():
            fits = y2.call.kind == y.call.kind and x2.shapes == x.shapes and y2.shapes == y.shapes
            if fits and _origin(y2.call, second) == due and _origin(x2.call, first) != mine:
                found[at], found[other] = (x, y2), (x2, y)
                break
    several = [match for match in matched if len(match[0]) != 1 or len(match[1]) != 1]
    return several + [([x], [y]) for x, y in found.values()]


def _origin(call: Call, calls: Mapping[int, Call]) -> int | None:
    """The last layer with weights that the input went through, if it went through nothing else but plain layers."""
    while len(call.sources) == 1 and (source := call.sources[0]) is not None and source in calls:
        call = calls[source]
        if slots_of(call.layer):
            return source
    return None
