"""Which layers are partners: by their order, their kind and the shapes of their weights, or by name.

The order is that in which a functional Keras model is written, and that of the calls of any other.  First the layers
with weights are aligned as two sequences are, one to one or one to many; what stands in another order is paired by its
name or its shape.  Then the layers without weights are aligned in the gaps between.
"""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from parity.models.flow import by_flow
from parity.models.views import View
from parity.models.watch import Call
from parity.models.weights import Slots, shapes, slots_of
from parity.task import UsageError

RECURRENT = ("lstm", "gru", "rnn")
UNSEEN = "flatten"  # nothing can be wrong there that the next layer's input does not show
FIT, KIND, NAMED, SKIP = 10.0, 3.0, 1.0, -1.0  # the worth of partners that fit, that are of one kind, of one name
Place = tuple[int, int]  # a call, and which of its inputs or outputs


@dataclass
class Link:
    """An input or an output of the first model's layer, and where the second model has it."""

    first: Place
    second: Place
    first_part: tuple[int, int] | None = None  # one of so many equal parts along the features
    second_part: tuple[int, int] | None = None
    last: int = 0  # of a recurrence that returns its last state: how many directions it has
    view: View | None = None  # found when it is first compared


@dataclass
class Pair:
    """Layers that are to compute the same, one or several on either side."""

    kind: str
    first: list[Call]
    second: list[Call]
    entries: list[Link] = field(default_factory=list)
    exits: list[Link] = field(default_factory=list)

    @property
    def weighted(self) -> bool:
        return any(slots_of(call.layer) for call in self.first)

    @property
    def names(self) -> tuple[str, str]:
        one, two = ([c for c in calls if c.kind != "pad"] or calls for calls in (self.first, self.second))
        return (" + ".join(call.name for call in one), " + ".join(call.name for call in two))


@dataclass
class Pairing:
    pairs: list[Pair]
    alone: tuple[list[Call], list[Call]]  # layers with weights that have no partner


@dataclass
class _Layer:
    """A call with what its partner must share."""

    call: Call
    slots: Slots
    shapes: dict[str, tuple[int, ...]]

    @property
    def weight(self) -> tuple[int, ...]:
        return self.shapes.get("weight", ())


def paired(first: Sequence[Call], second: Sequence[Call], names: Mapping[str, str] | None = None) -> Pairing:
    """The partners among the calls of two runs.

    Args:
        names: a layer of the first model -> its partner.

    Raises:
        UsageError: a name that is no layer's.
    """
    has = [any(call.kind == "attention" for call in calls) for calls in (first, second)]
    one, two = _ordered(*([_layer(call) for call in _level(calls, all(has))] for calls in (first, second)))
    pinned = _pinned(one, two, names or {})
    fixed = {id(layer) for pair in pinned for layer in pair}
    a = [layer for layer in one if layer.slots and id(layer) not in fixed]
    b = [layer for layer in two if layer.slots and id(layer) not in fixed]
    by_hand: list[Match] = [([x], [y]) for x, y in pinned]
    calls = ({call.index: call for call in side} for side in (first, second))
    matched = _by_name(by_flow(_aligned(a, b), by_hand, *calls), a, b) + by_hand
    found = [_pair([x.call for x in xs], [y.call for y in ys]) for xs, ys in matched]
    used = {id(layer) for xs, ys in matched for layer in (*xs, *ys)}
    found += _plain(one, two, matched)
    found.sort(key=lambda pair: pair.first[0].index)
    _absorb_padding(found, first, second)
    _link(found)
    alone = ([x.call for x in side if x.slots and id(x) not in used] for side in (one, two))
    left = tuple(alone)
    return Pairing(found, (left[0], left[1]))


def _ordered(one: list[_Layer], two: list[_Layer]) -> tuple[list[_Layer], list[_Layer]]:
    """Both sides as they are written, or as they are called where more of their layers fit in order so."""

    def fitting(sides: tuple[list[_Layer], list[_Layer]]) -> int:
        a, b = ([layer for layer in side if layer.slots] for side in sides)
        return sum(len(xs) + len(ys) > 2 or _fits(xs[0], ys[0]) for xs, ys in _in_order(a, b))

    written = [sorted(side, key=lambda layer: layer.call.order) for side in (one, two)]
    return max((written[0], written[1]), (one, two), key=fitting)


def _layer(call: Call) -> _Layer:
    slots = slots_of(call.layer)
    return _Layer(call, slots, shapes(slots))


def _level(calls: Sequence[Call], whole: bool) -> list[Call]:
    """Attention as one layer where both sides have it so, else the projections inside."""
    inner = {call.inside for call in calls if call.inside is not None}
    if whole:
        return [call for call in calls if call.inside is None]
    return [call for call in calls if call.index not in inner]


def _pinned(one: list[_Layer], two: list[_Layer], names: Mapping[str, str]) -> list[tuple[_Layer, _Layer]]:
    found = []
    for a, b in names.items():
        x, y = _called(a, one, "first"), _called(b, two, "second")
        found.append((x, y))
    return found


def _called(name: str, layers: list[_Layer], side: str) -> _Layer:
    for layer in layers:
        if name in (layer.call.name, layer.call.name.rpartition("/")[2]):
            return layer
    known = [layer.call.name for layer in layers]
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.4) or known[:5]
    raise UsageError(f"the {side} model calls no layer {name!r}; there is {', '.join(near)}")


Match = tuple[list[_Layer], list[_Layer]]


def _aligned(a: list[_Layer], b: list[_Layer]) -> list[Match]:
    """The partners that fit, in order and then in any; of the others, which have none that fits, those of one kind."""
    found = [(xs, ys) for xs, ys in _in_order(a, b) if len(xs) + len(ys) > 2 or _fits(xs[0], ys[0])]
    rest_a, rest_b = _rest(found, a, b)
    for x in rest_a:
        fitting = [y for y in rest_b if _fits(x, y)]
        if fitting:
            y = max(fitting, key=lambda y: _worth(x, y))
            rest_b.remove(y)
            found.append(([x], [y]))
    return found + _in_order(*_rest(found, a, b))


def _rest(found: list[Match], a: list[_Layer], b: list[_Layer]) -> tuple[list[_Layer], list[_Layer]]:
    """The layers without a partner."""
    used = {id(layer) for xs, ys in found for layer in (*xs, *ys)}
    return [x for x in a if id(x) not in used], [y for y in b if id(y) not in used]


def _in_order(a: list[_Layer], b: list[_Layer]) -> list[Match]:
    """The alignment of two sequences that is worth most."""
    n, m = len(a), len(b)
    normalised = {source for y in b if y.call.kind == "batch_norm" for source in y.call.sources}
    best: list[list[tuple[float, int, int]]] = [[(0.0, 0, 0)] * (m + 1) for _ in range(n + 1)]
    for i in range(n + 1):
        for j in range(m + 1):
            options = []
            if i and j:
                options.append((best[i - 1][j - 1][0] + _worth(a[i - 1], b[j - 1]), 1, 1))
            if i:
                options.append((best[i - 1][j][0] + SKIP, 1, 0))
            if j:
                options.append((best[i][j - 1][0] + SKIP, 0, 1))
            for k in range(2, 5):
                if i and j >= k and _many(a[i - 1], b[j - k : j]):
                    options.append((best[i - 1][j - k][0] + k * FIT + 1, 1, k))
                if j and i >= k and _many(b[j - 1], a[i - k : i]):
                    options.append((best[i - k][j - 1][0] + k * FIT + 1, k, 1))
                apart = j > 0 and b[j - 1].call.index in normalised
                if i >= 2 and j and k == 2 and not apart and _folded(a[i - 2], a[i - 1], b[j - 1]):
                    options.append((best[i - 2][j - 1][0] + FIT + 0.5, 2, 1))
            if options:
                best[i][j] = max(options)
    found, i, j = [], n, m
    while i or j:
        _, di, dj = best[i][j]
        if di and dj and (di > 1 or dj > 1 or _worth(a[i - 1], b[j - 1]) > 0):
            found.append((a[i - di : i], b[j - dj : j]))
        i, j = i - di, j - dj
    return found


def _fits(x: _Layer, y: _Layer) -> bool:
    return _worth(x, y) >= FIT


def _worth(x: _Layer, y: _Layer) -> float:
    """What two layers are worth as partners; below nothing if they cannot be."""
    if x.call.kind != y.call.kind or bool(x.slots) != bool(y.slots):
        return 2 * SKIP - 1
    if not x.call.kind and (x.shapes != y.shapes or not (x.slots or _alike(x.call.name, y.call.name))):
        return 2 * SKIP - 1
    shared = [name for name in x.shapes if name in y.shapes]
    fit = all(x.shapes[name] == y.shapes[name] for name in shared if name != "slope") and (shared or not x.slots)
    return (FIT if fit else KIND) + NAMED * _alike(x.call.name, y.call.name)


def _many(one: _Layer, several: list[_Layer]) -> bool:
    """Is the one layer what the several are together?"""
    kinds = {layer.call.kind for layer in several}
    if one.call.kind == "attention" and kinds == {"linear"}:
        return [layer.weight for layer in several] == [one.shapes[f"{name}.weight"] for name in ("q", "k", "v", "out")]
    if one.call.kind in RECURRENT and kinds == {one.call.kind}:
        joined = {name for i, layer in enumerate(several) for name in _at(layer.shapes, i)}
        return all(_at(layer.shapes, i).items() <= one.shapes.items() for i, layer in enumerate(several)) and (
            joined == set(one.shapes)
        )
    if one.call.kind == "linear" and kinds == {"linear"}:
        same = len({layer.weight for layer in several}) == 1
        return same and one.weight == (several[0].weight[0] * len(several), several[0].weight[1])
    if one.call.kind == "separable_convolution" and kinds == {"convolution"}:
        return [layer.weight for layer in several] == [one.shapes["0.weight"], one.shapes["1.weight"]]
    return False


def _folded(x: _Layer, norm: _Layer, y: _Layer) -> bool:
    """A convolution and its batch normalisation here, and a convolution that has taken it in there."""
    kinds = x.call.kind == y.call.kind and x.call.kind in ("convolution", "linear") and norm.call.kind == "batch_norm"
    return kinds and x.weight == y.weight and "bias" in y.shapes


def _at(found: Mapping[str, Any], i: int) -> dict[str, Any]:
    """The names of a single recurrence as those of the `i`th of a stack."""
    return {name.replace("_l0", f"_l{i}"): value for name, value in found.items()}


def _by_name(matched: list[Match], a: list[_Layer], b: list[_Layer]) -> list[Match]:
    """Among layers of one kind and shape, those that have one name are partners, whatever their order."""
    found: list[Match] = []
    ones: list[tuple[_Layer | None, _Layer | None]] = []
    for xs, ys in matched:
        if len(xs) + len(ys) == 2 and xs[0].shapes == ys[0].shapes:
            ones.append((xs[0], ys[0]))
        else:
            found.append((xs, ys))
    alone = _rest(matched, a, b)
    groups: dict[Any, list[tuple[_Layer | None, _Layer | None]]] = {}
    for x, y in [*ones, *((x, None) for x in alone[0]), *((None, y) for y in alone[1])]:
        layer = x or y
        assert layer is not None
        groups.setdefault((layer.call.kind, tuple(sorted(layer.shapes.items()))), []).append((x, y))
    for group in groups.values():
        left, right = [x for x, _ in group], [y for _, y in group]
        for i, x in enumerate(left):
            alike = [j for j, y in enumerate(right) if _one_name(x, y)]
            if len(alike) == 1 and sum(_one_name(z, right[alike[0]]) for z in left) == 1:
                right[i], right[alike[0]] = right[alike[0]], right[i]
        found += [([x], [y]) for x, y in zip(left, right) if x is not None and y is not None]
    return found


def _one_name(x: _Layer | None, y: _Layer | None) -> bool:
    return x is not None and y is not None and _alike(x.call.name, y.call.name) == 1


def _alike(a: str, b: str) -> float:
    """1 for two layers of one name, whatever separates its parts."""
    flat = ["_".join(name.lower().replace("/", ".").replace(" ", "_").split(".")) for name in (a, b)]
    tails = [name.lower().replace("/", ".").rpartition(".")[2] for name in (a, b)]
    return float(flat[0] == flat[1] or (tails[0] == tails[1] and not tails[0].isdigit()))


def _plain(one: list[_Layer], two: list[_Layer], matched: list[Match]) -> list[Pair]:
    """Partners without weights, which lie between the same partners with weights."""
    partner = {id(xs[-1]): ys[-1] for xs, ys in matched}
    found, place = [], 0
    gap_a: list[_Layer] = []
    for x in [*one, None]:
        if x is not None and not x.slots:
            gap_a.append(x)
            continue
        anchor = partner.get(id(x)) if x is not None else None
        if x is not None and anchor is None:
            continue
        end = two.index(anchor) if anchor is not None else len(two)
        gap_b = [y for y in two[place:end] if not y.slots]
        found += _aligned([x for x in gap_a if x.call.kind != UNSEEN], [y for y in gap_b if y.call.kind != UNSEEN])
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


def _link(pairs: list[Pair]) -> None:
    for pair in pairs:
        one, two = pair.first, pair.second
        if pair.kind == "attention":
            _link_attention(pair)
        elif pair.kind in RECURRENT:
            pair.entries.append(Link((one[0].index, 0), (two[0].index, 0)))
            alone = any(len(call.outputs[0]) == 2 for call in (one[-1], two[-1]))
            last = alone * (2 if any(name.endswith("_reverse") for name in shapes(slots_of(one[-1].layer))) else 1)
            pair.exits.append(Link((one[-1].index, 0), (two[-1].index, 0), last=last))
        elif pair.kind == "linear" and len(one) != len(two) and _packed(pair):
            n = max(len(one), len(two))
            for i in range(n):
                x, y = (calls[i if len(calls) > 1 else 0].index for calls in (one, two))
                pair.entries.append(Link((x, 0), (y, 0)))
                part = (i, n)
                pair.exits.append(
                    Link((x, 0), (y, 0), part if len(one) == 1 else None, part if len(two) == 1 else None)
                )
        else:
            inputs = min(len(one[0].shapes), len(two[0].shapes)) if pair.kind == "" else 1
            pair.entries += [Link((one[0].index, i), (two[0].index, i)) for i in range(inputs)]
            pair.exits.append(Link((one[-1].index, 0), (two[-1].index, 0)))


def _packed(pair: Pair) -> bool:
    return all(call.kind == "linear" for call in (*pair.first, *pair.second))


def _link_attention(pair: Pair) -> None:
    """Query, key and value by name; of separate projections the first three are theirs, the last is the output's."""
    places = [_attention_places(calls) for calls in (pair.first, pair.second)]
    for name in ("query", "key", "value"):
        link = Link(places[0][name], places[1][name])
        if all(link.second != other.second for other in pair.entries):
            pair.entries.append(link)
    pair.exits.append(Link((pair.first[-1].index, 0), (pair.second[-1].index, 0)))


def _attention_places(calls: list[Call]) -> dict[str, Place]:
    if len(calls) > 1:
        return {name: (call.index, 0) for name, call in zip(("query", "key", "value"), calls)}
    names = calls[0].names
    found: dict[str, Place] = {
        name: (calls[0].index, names.index(name)) for name in ("query", "key", "value") if name in names
    }
    return {"key": found.get("value", found["query"]), "value": found["query"], **found}
