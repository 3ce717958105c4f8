"""Layers of two models as two sequences: which of them fit, in order and in any, one to one or one to many."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from parity.models.partners import RECURRENT
from parity.models.watch import Call
from parity.models.weights import Slots, shapes, slots_of

FIT, KIND, NAMED, SKIP = 10.0, 3.0, 1.0, -1.0  # the worth of partners that fit, that are of one kind, of one name


@dataclass
class Layer:
    """A call with what its partner must share."""

    call: Call
    slots: Slots
    shapes: dict[str, tuple[int, ...]]

    @classmethod
    def of(cls, call: Call) -> "Layer":
        slots = slots_of(call.layer)
        return cls(call, slots, shapes(slots))

    @property
    def weight(self) -> tuple[int, ...]:
        return self.shapes.get("weight", ())


Match = tuple[list[Layer], list[Layer]]


def aligned(a: list[Layer], b: list[Layer]) -> list[Match]:
    """The partners that fit, in order and then in any; of the others, which have none that fits, those of one kind."""
    found = [(xs, ys) for xs, ys in in_order(a, b) if len(xs) + len(ys) > 2 or fits(xs[0], ys[0])]
    rest_a, rest_b = _rest(found, a, b)
    for x in rest_a:
        fitting = [y for y in rest_b if fits(x, y)]
        if fitting:
            y = max(fitting, key=lambda y: _worth(x, y))
            rest_b.remove(y)
            found.append(([x], [y]))
    return found + in_order(*_rest(found, a, b))


def _rest(found: list[Match], a: list[Layer], b: list[Layer]) -> tuple[list[Layer], list[Layer]]:
    """The layers without a partner."""
    used = {id(layer) for xs, ys in found for layer in (*xs, *ys)}
    return [x for x in a if id(x) not in used], [y for y in b if id(y) not in used]


def in_order(a: list[Layer], b: list[Layer]) -> list[Match]:
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


def fits(x: Layer, y: Layer) -> bool:
    return _worth(x, y) >= FIT


def _worth(x: Layer, y: Layer) -> float:
    """What two layers are worth as partners; below nothing if they cannot be."""
    if x.call.kind != y.call.kind or bool(x.slots) != bool(y.slots):
        return 2 * SKIP - 1
    if not x.call.kind and (x.shapes != y.shapes or not (x.slots or alike(x.call.name, y.call.name))):
        return 2 * SKIP - 1
    shared = [name for name in x.shapes if name in y.shapes]
    fit = all(x.shapes[name] == y.shapes[name] for name in shared if name != "slope") and (shared or not x.slots)
    return (FIT if fit else KIND) + NAMED * alike(x.call.name, y.call.name)


def _many(one: Layer, several: list[Layer]) -> bool:
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


def _folded(x: Layer, norm: Layer, y: Layer) -> bool:
    """A convolution and its batch normalisation here, and a convolution that has taken it in there."""
    kinds = x.call.kind == y.call.kind and x.call.kind in ("convolution", "linear") and norm.call.kind == "batch_norm"
    return kinds and x.weight == y.weight and "bias" in y.shapes


def _at(found: Mapping[str, Any], i: int) -> dict[str, Any]:
    """The names of a single recurrence as those of the `i`th of a stack."""
    return {name.replace("_l0", f"_l{i}"): value for name, value in found.items()}


def by_name(matched: list[Match], a: list[Layer], b: list[Layer]) -> list[Match]:
    """Among layers of one kind and shape, those that have one name are partners, whatever their order."""
    found: list[Match] = []
    ones: list[tuple[Layer | None, Layer | None]] = []
    for xs, ys in matched:
        if len(xs) + len(ys) == 2 and xs[0].shapes == ys[0].shapes:
            ones.append((xs[0], ys[0]))
        else:
            found.append((xs, ys))
    alone = _rest(matched, a, b)
    groups: dict[Any, list[tuple[Layer | None, Layer | None]]] = {}
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


def _one_name(x: Layer | None, y: Layer | None) -> bool:
    return x is not None and y is not None and alike(x.call.name, y.call.name) == 1


def alike(a: str, b: str) -> float:
    """1 for two layers of one name, whatever separates its parts."""
    flat = ["_".join(name.lower().replace("/", ".").replace(" ", "_").split(".")) for name in (a, b)]
    tails = [name.lower().replace("/", ".").rpartition(".")[2] for name in (a, b)]
    return float(flat[0] == flat[1] or (tails[0] == tails[1] and not tails[0].isdigit()))
