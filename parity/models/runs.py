"""What is done while a model runs: the truth is recorded, the noise measured, and the other model compared.

Record    the first model in float64: what every layer got and returned, on the disk
Jitter    the same with its inputs and weights jittered: how far each tensor moves under one rounding
Free      the second model as it runs: every layer's output against the truth ("propagated")
Forced    the second model whose every layer is given what the first model's layer got, and whose every output is
          replaced by the truth: a layer alone ("isolated"), and what lies between two layers ("edge")
"""

import hashlib
import tempfile
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from parity.judging.noise import JITTER, LIMIT, Spread, Truth, flush, noise_units
from parity.models.pairing import Link, Pair
from parity.models.views import FIRST, LAST, SAME, View, best, views
from parity.models.watch import Again, Call
from parity.task import Array

CHANNELED = (
    "convolution", "transposed_convolution", "separable_convolution", "batch_norm", "group_norm", "max_pool",
    "average_pool", "global_average_pool", "global_max_pool", "resize", "pad",
)  # fmt: skip
PADDED = ("convolution", "separable_convolution", "max_pool", "average_pool")
MEMORY = 384 * 2**20  # bytes of tensors that are kept in memory
Key = tuple[str, int | str, int]  # "in" or "out", the call, and which of its tensors; or "result", "gradient", "buffer"


class Store:
    """The tensors of a run, each once: in memory as far as they fit, and then in a temporary folder."""

    def __init__(self) -> None:
        self._places: dict[Key, int] = {}
        self._kept: dict[int, Array] = {}
        self._seen: dict[tuple[Any, ...], int] = {}  # what one layer returns, the next one gets
        self._left = MEMORY
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def put(self, key: Key, x: Array) -> None:
        x = np.ascontiguousarray(x)
        digest = (x.shape, x.dtype.str, hashlib.blake2b(x.data, digest_size=16).digest())
        known = digest in self._seen
        place = self._places[key] = self._seen.setdefault(digest, len(self._seen))
        if known:
            return
        if x.nbytes <= self._left:
            self._left -= x.nbytes
            self._kept[place] = x.copy()
        else:
            np.save(self._path(place), x)

    def get(self, key: Key) -> Array:
        place = self._places[key]
        return self._kept[place] if place in self._kept else np.load(self._path(place))

    def __contains__(self, key: Key) -> bool:
        return key in self._places

    def keys(self) -> list[Key]:
        return list(self._places)

    def close(self) -> None:
        self._kept.clear()
        if self._folder is not None:
            self._folder.cleanup()

    def _path(self, place: int) -> Path:
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="parity-")
        return Path(self._folder.name, f"{place}.npy")


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
class Truths:
    """The truth of every tensor with its noise, in a free run and forced."""

    store: Store
    free: dict[Key, Spread] = field(default_factory=lambda: defaultdict(Spread))
    forced: dict[Key, Spread] = field(default_factory=lambda: defaultdict(Spread))

    def of(self, key: Key, *, forced: bool) -> Truth:
        value = self.store.get(key)
        if value.dtype.kind != "f":
            return Truth(value=value)
        return (self.forced if forced else self.free)[key].truth(flush(value, "float32"))


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

    def enter(self, call: Call, inputs: list[Array]) -> list[Array] | None:
        new = list(inputs)
        for place, link in self._entries[call.index]:
            pair, at = self.pairs[place], link.second[1]
            truth = self.truths.of(("in", *link.first), forced=True)
            if link.view is None:
                link.view = _view(pair, call, truth.value, inputs[at], self.channels)
            expected = link.view(truth.value) if link.view is not None else None
            fits = expected is not None and expected.shape == inputs[at].shape
            if not fits and pair.kind in PADDED:
                continue  # one side pads before the layer, the other inside: its output tells
            if expected is None or not fits:
                self.found[place].edges[at] = float("inf")
                self.found[place].note = f"input {truth.value.shape} in the first, {inputs[at].shape} in the second"
                continue
            units = noise_units(inputs[at], expected, noise=truth.noise, peak=truth.peak)
            self.found[place].edges[at] = units
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
                link.view = _exit_view(self.truths, pair, call, link, outputs)
            units = error(self.truths, link, outputs, forced=True)
            found = self.found[place]
            found.units = max(found.units, units)
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


def carried(errors: list[Array], seen: Array, expected: Array, truth: Truth) -> bool:
    """Whether a tensor differs by what an earlier one differs by: the same fault, further along a skip."""
    return any(
        e.shape == seen.shape and noise_units(seen - e, expected, noise=truth.noise, peak=truth.peak) <= LIMIT
        for e in errors
    )


def _by_call(pairs: list[Pair], ends: str, side: str) -> dict[int, list[tuple[int, Link]]]:
    found: dict[int, list[tuple[int, Link]]] = defaultdict(list)
    for place, pair in enumerate(pairs):
        for link in getattr(pair, ends):
            found[getattr(link, side)[0]].append((place, link))
    return found


def error(truths: Truths, link: Link, outputs: list[Array], *, forced: bool) -> float:
    """The noise units of an output of the second model."""
    truth, seen = truths.of(first_key(link, truths.store), forced=forced), second_output(link, outputs)
    expected = _expected(link, truth.value)
    if expected is None or expected.shape != seen.shape:
        return float("inf")
    return noise_units(seen, expected, noise=truth.noise, peak=truth.peak)


def replace(truths: Truths, link: Link, outputs: list[Array]) -> None:
    """Put the truth in the place of an output, where it fits there."""
    expected = _expected(link, truths.store.get(first_key(link, truths.store)))
    at = link.second[1]
    if expected is None or (link.last and outputs[at].ndim > 2):
        return
    if link.second_part is not None:
        i, n = link.second_part
        parts = np.split(np.array(outputs[at]), n, axis=-1)
        if expected.shape == parts[i].shape:
            parts[i] = expected
            outputs[at] = np.concatenate(parts, axis=-1)
    elif expected.shape == outputs[at].shape:
        outputs[at] = expected


def first_key(link: Link, store: Store) -> Key:
    """Where the truth of an output stands; of a recurrence that returns its last state alone, in the states."""
    call, position = link.first
    return ("out", call, 1 if link.last and ("out", call, 1) in store else position)


def second_output(link: Link, outputs: list[Array]) -> Array:
    y = outputs[1 if link.last and len(outputs) > 1 else link.second[1]]
    if link.last:
        return states(y, link.last)
    return _part(y, link.second_part)


def _expected(link: Link, truth: Array) -> Array | None:
    if link.view is None:
        return None
    return states(truth, link.last) if link.last else link.view(_part(truth, link.first_part))


def states(y: Array, directions: int) -> Array:
    """The last layer's states of torch, (layers · directions, n, h), side by side; Keras's are so already, (n, h)."""
    return y if y.ndim == 2 else np.concatenate(list(y[-directions:]), axis=-1)


def _part(y: Array, part: tuple[int, int] | None) -> Array:
    return y if part is None else np.split(y, part[1], axis=-1)[part[0]]


def _view(pair: Pair, call: Call, first: Array, second: Array, channels: list[int]) -> View | None:
    known = _known(pair, first.ndim, second.ndim)
    if known is not None:
        return known
    candidates = views(first.shape, second.shape, channels if pair.kind == "linear" else ())
    return best(candidates, first, second) if candidates else None


def _exit_view(truths: Truths, pair: Pair, call: Call, link: Link, outputs: list[Array]) -> View | None:
    first = _part(truths.store.get(("out", *link.first)), link.first_part)
    second = _part(outputs[link.second[1]], link.second_part)
    if link.last:
        return SAME
    entry = pair.entries[0].view if pair.entries else None
    if first.ndim > 2 and (known := _known(pair, first.ndim, second.ndim)) is not None:
        return known
    candidates = views(first.shape, second.shape)
    if entry in candidates and entry is not None and first.ndim > 2:
        return entry  # what goes in channels last comes out so
    return best(candidates, first, second) if candidates else None


def _known(pair: Pair, first: int, second: int) -> View | None:
    """The layout that the layers themselves state, of images and sequences with channels."""
    if pair.kind not in CHANNELED or first != second or first < 3:
        return None
    last = [channels_last(calls[-1].layer, first) for calls in (pair.first, pair.second)]
    return {(False, True): LAST, (True, False): FIRST}.get((last[0], last[1]), SAME)


def channels_last(layer: Any, ndim: int) -> bool:
    """Whether a layer of channels takes them on the last axis."""
    if hasattr(layer, "data_format"):
        return bool(layer.data_format == "channels_last")
    axis = getattr(layer, "axis", None)
    if isinstance(axis, int):
        return axis in (-1, ndim - 1)
    return not hasattr(layer, "named_parameters")  # torch's are first, always
