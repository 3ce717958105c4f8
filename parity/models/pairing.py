"""Which layers are partners: by their order, their kind and the shapes of their weights, or by name.

The order is that in which a functional Keras model is written, and that of the calls of any other.  First the layers
with weights are aligned as two sequences are, one to one or one to many; what stands in another order is paired by its
name or its shape.  Then the layers without weights are aligned in the gaps between.
"""

import difflib
from collections.abc import Mapping, Sequence

from parity.models.aligning import Layer, Match, aligned, by_name
from parity.models.flow import by_flow
from parity.models.linking import link
from parity.models.partners import Pair, Pairing
from parity.models.watch import Call
from parity.task import UsageError

NEAR = 5  # names that an error lists
UNSEEN = "flatten"  # nothing can be wrong there that the next layer's input does not show


def paired(first: Sequence[Call], second: Sequence[Call], names: Mapping[str, str], *, called: bool = False) -> Pairing:
    """The partners among the calls of two runs.

    Args:
        names: a layer of the first model -> its partner.
        called: the order is that of the calls, also of a functional Keras model.

    Raises:
        UsageError: a name that is no layer's.
    """
    has = [any(call.kind == "attention" for call in calls) for calls in (first, second)]
    one, two = ([Layer.of(call) for call in _level(calls, all(has))] for calls in (first, second))
    if not called:
        one, two = (sorted(side, key=lambda layer: layer.call.order) for side in (one, two))
    pinned = _pinned(one, two, names)
    fixed = {id(layer) for pair in pinned for layer in pair}
    a = [layer for layer in one if layer.slots and id(layer) not in fixed]
    b = [layer for layer in two if layer.slots and id(layer) not in fixed]
    by_hand: list[Match] = [([x], [y]) for x, y in pinned]
    calls = ({call.index: call for call in side} for side in (first, second))
    matched = by_name(by_flow(aligned(a, b), by_hand, *calls), a, b) + by_hand
    found = [_pair([x.call for x in xs], [y.call for y in ys]) for xs, ys in matched]
    used = {id(layer) for xs, ys in matched for layer in (*xs, *ys)}
    found += _plain(one, two, matched)
    found.sort(key=lambda pair: pair.first[0].index)
    _absorb_padding(found, first, second)
    link(found)
    alone = ([x.call for x in side if x.slots and id(x) not in used] for side in (one, two))
    left = tuple(alone)
    return Pairing(found, (left[0], left[1]))


def _level(calls: Sequence[Call], whole: bool) -> list[Call]:
    """Attention as one layer where both sides have it so, else the projections inside."""
    inner = {call.inside for call in calls if call.inside is not None}
    if whole:
        return [call for call in calls if call.inside is None]
    return [call for call in calls if call.index not in inner]


def _pinned(one: list[Layer], two: list[Layer], names: Mapping[str, str]) -> list[tuple[Layer, Layer]]:
    found = []
    for a, b in names.items():
        x, y = _called(a, one, "first"), _called(b, two, "second")
        found.append((x, y))
    return found


def _called(name: str, layers: list[Layer], side: str) -> Layer:
    for layer in layers:
        if name in (layer.call.name, layer.call.name.rpartition("/")[2]):
            return layer
    known = [layer.call.name for layer in layers]
    near = difflib.get_close_matches(name, known, n=NEAR, cutoff=0.4)
    more = f" and {len(known) - NEAR} more" if not near and len(known) > NEAR else ""
    raise UsageError(f"the {side} model calls no layer {name!r}; there is {', '.join(near or known[:NEAR])}{more}")


def _plain(one: list[Layer], two: list[Layer], matched: list[Match]) -> list[Pair]:
    """Partners without weights, which lie between the same partners with weights."""
    partner = {id(xs[-1]): ys[-1] for xs, ys in matched}
    found, place = [], 0
    gap_a: list[Layer] = []
    for x in [*one, None]:
        if x is not None and not x.slots:
            gap_a.append(x)
            continue
        anchor = partner.get(id(x)) if x is not None else None
        if x is not None and anchor is None:
            continue
        end = two.index(anchor) if anchor is not None else len(two)
        gap_b = [y for y in two[place:end] if not y.slots]
        found += aligned([x for x in gap_a if x.call.kind != UNSEEN], [y for y in gap_b if y.call.kind != UNSEEN])
        gap_a, place = [], max(place, end + 1)
    return [_pair([x.call for x in xs], [y.call for y in ys]) for xs, ys in found]


def _pair(first: list[Call], second: list[Call]) -> Pair:
    return Pair(first[0].kind if len(first) <= len(second) else second[0].kind, first, second)


def _absorb_padding(pairs: list[Pair], first: Sequence[Call], second: Sequence[Call]) -> None:
    """A layer that only pads belongs to the one after it, where the other side pads by an argument."""
    used = {id(call) for pair in pairs for call in (*pair.first, *pair.second)}
    for pair in pairs:
        for calls, mine in ((first, pair.first), (second, pair.second)):
            index = mine[0].index
            before = next((call for call in calls if call.index == index - 1), None)
            if before is not None and before.kind == "pad" and id(before) not in used and _padded_alone(pair):
                mine.insert(0, before)


def _padded_alone(pair: Pair) -> bool:
    a, b = (sorted(calls[0].shapes[0]) if calls[0].shapes else [] for calls in (pair.first, pair.second))
    return pair.kind in ("convolution", "max_pool", "average_pool") and a != b
