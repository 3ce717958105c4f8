"""What is done while a model runs: the truth is recorded, the noise measured, and the other model compared.

Record    the first model in float64: what every layer got and returned, on the disk
Jitter    the same with its inputs and weights jittered: how far each tensor moves under one rounding
Free      the second model as it runs: every layer's output against the truth ("propagated")
Forced    the second model whose every layer is given what the first model's layer got, and whose every output is
          replaced by the truth: a layer alone ("isolated"), and what lies between two layers ("edge")
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from parity.judging.noise import JITTER, LIMIT, Spread, noise_units
from parity.models.links import PADDED, carried, entry_view, error, exit_view, replace
from parity.models.partners import Link, Pair
from parity.models.store import Key, Store, Truths
from parity.models.watch import Again, Call
from parity.task import Array


@dataclass
class Record:
    """Writes down what every layer got and returned."""

    store: Store
    calls: list[Call] = field(default_factory=list)

    def enter(self, call: Call, inputs: list[Array]) -> None:
        self.calls.append(call)
        for i, x in enumerate(inputs):
            self.store.put(("in", call.index, i), x)

    def leave(self, call: Call, outputs: list[Array], again: Again) -> None:
        for i, y in enumerate(outputs):
            self.store.put(("out", call.index, i), y)


@dataclass
class Jitter:
    """Measures how far each tensor of a jittered run is from the truth.

    Forced, every layer starts again from the jittered truth: then it is the noise of this layer alone, and of what lies
    before it.
    """

    store: Store
    rng: np.random.Generator
    forced: bool
    spreads: dict[Key, Spread]

    def enter(self, call: Call, inputs: list[Array]) -> list[Array] | None:
        return self._seen("in", call, inputs)

    def leave(self, call: Call, outputs: list[Array], again: Again) -> list[Array] | None:
        return self._seen("out", call, outputs)

    def _seen(self, which: str, call: Call, tensors: list[Array]) -> list[Array] | None:
        new = []
        for i, x in enumerate(tensors):
            key = (which, call.index, i)
            truth = self.store.get(key)
            if truth.dtype.kind == "f":
                finite = np.isfinite(truth)
                self.spreads[key].add((x - truth)[finite] if not finite.all() else x - truth)
            new.append(jittered(self.rng, truth))
        return new if self.forced else None


def jittered(rng: np.random.Generator, x: Array) -> Array:
    """`x · (1 + u · uniform(-1, 1))` of real numbers: what one rounding to float32 may do to them."""
    if x.dtype.kind != "f":
        return x
    moved: Array = x * (1 + JITTER * rng.uniform(-1, 1, x.shape))
    return moved


@dataclass
class Free:
    """Compares every layer's output of a model as it runs."""

    truths: Truths
    pairs: list[Pair]
    units: dict[int, float] = field(default_factory=dict)  # by the place of the pair: its worst output

    def __post_init__(self) -> None:
        self._exits = _by_call(self.pairs, "exits", "second")

    def enter(self, call: Call, inputs: list[Array]) -> None:
        pass

    def leave(self, call: Call, outputs: list[Array], again: Again) -> None:
        for place, link in self._exits[call.index]:
            units = error(self.truths, link, outputs, forced=False)
            self.units[place] = max(units, self.units.get(place, 0.0))


@dataclass
class Isolated:
    """What the forced run found of a pair."""

    edges: dict[int, float] = field(default_factory=dict)  # by entry
    seen: dict[int, Array] = field(default_factory=dict)  # the inputs that differ, by entry
    carried: bool = False  # they differ by what an earlier edge differs by, which came along a skip
    units: float = 0.0
    note: str = ""
    judged: bool = True  # not where input and output are of another shape: then the input is what is wrong


@dataclass
class Forced:
    """Feeds every layer of the second model what the first model's got, and hands on what the first model's returned.

    `before` is called once a pair, when its first layer has its inputs: weights are carried over there.  `wrong` is
    called with the outputs of a layer that alone is beyond the limit, and with the means to call it again.
    """

    truths: Truths
    pairs: list[Pair]
    channels: list[int]  # which a flattened tensor may have
    before: Callable[[int, Pair], None]
    wrong: Callable[[int, Call, Link, Again], None]
    mends: Mapping[int, Callable[[Call, Again], list[Array]]]  # what a call without a partner returns instead
    found: dict[int, Isolated] = field(default_factory=lambda: defaultdict(Isolated))
    errors: list[Array] = field(default_factory=list)  # of the inputs that differ

    def __post_init__(self) -> None:
        self._entries = _by_call(self.pairs, "entries", "second")
        self._exits = _by_call(self.pairs, "exits", "second")
        self._begun: set[int] = set()
        self._unfit: dict[int, tuple[int, str]] = {}  # by the place of the pair: an input of another shape, in words

    def enter(self, call: Call, inputs: list[Array]) -> list[Array] | None:
        new = list(inputs)
        for place, link in self._entries[call.index]:
            pair, at = self.pairs[place], link.second[1]
            truth = self.truths.of(("in", *link.first), forced=True)
            if link.view is None:
                link.view = entry_view(pair, truth.value, inputs[at], self.channels)
            expected = link.view(truth.value) if link.view is not None else None
            fits = expected is not None and expected.shape == inputs[at].shape
            if not fits:
                shapes = f"input {truth.value.shape} in the first, {inputs[at].shape} in the second"
                self._unfit[place] = at, shapes
            if not fits and (pair.kind in PADDED or truth.value.dtype.kind != inputs[at].dtype.kind):
                continue  # one side pads, or makes the indices, before the layer, the other inside: its output tells
            if expected is None or not fits:
                self.found[place].edges[at], self.found[place].note = float("inf"), shapes
                continue
            units = noise_units(inputs[at], expected, noise=truth.noise, peak=truth.peak)
            self.found[place].edges[at] = units
            if np.isinf(units) and not np.isfinite(inputs[at]).all():
                self.found[place].note = "a NaN or an infinity reaches it"
            if units > LIMIT:
                self.found[place].seen[at] = np.array(inputs[at])
                self.found[place].carried = carried(self.errors, inputs[at], expected, truth)
                if not self.found[place].carried and expected.dtype.kind == "f":
                    self.errors.append(inputs[at] - expected)
            new[at] = expected
        for place in self._starts(call):
            self.before(place, self.pairs[place])
        return new

    def leave(self, call: Call, outputs: list[Array], again: Again) -> list[Array] | None:
        new = list(self.mends[call.index](call, again)) if call.index in self.mends else list(outputs)
        for place, link in self._exits[call.index]:
            pair = self.pairs[place]
            if link.view is None:
                link.view = exit_view(self.truths, pair, link, outputs)
            units = error(self.truths, link, outputs, forced=True)
            found = self.found[place]
            if np.isinf(units) and place in self._unfit:
                at, shapes = self._unfit[place]
                found.edges[at], found.note, found.judged = units, shapes, False
                continue
            found.units = max(found.units, units)
            if np.isinf(units) and not all(np.isfinite(y).all() for y in outputs):
                found.note = "it returns a NaN or an infinity"
            if units > LIMIT:
                self.wrong(place, call, link, again)
            replace(self.truths, link, new)
        return new

    def _starts(self, call: Call) -> list[int]:
        places = [
            i for i, pair in enumerate(self.pairs)
            if i not in self._begun and any(call.index == member.index for member in pair.second)
        ]  # fmt: skip
        self._begun.update(places)
        return places


def _by_call(pairs: list[Pair], ends: str, side: str) -> dict[int, list[tuple[int, Link]]]:
    found: dict[int, list[tuple[int, Link]]] = defaultdict(list)
    for place, pair in enumerate(pairs):
        for link in getattr(pair, ends):
            found[getattr(link, side)[0]].append((place, link))
    return found
