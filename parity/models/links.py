"""The two ends of a link: the truth of a tensor in the second model's layout, and its error there."""

from typing import Any

import numpy as np

from parity.judging.noise import LIMIT, Truth, noise_units
from parity.models.partners import Link, Pair
from parity.models.store import Key, Store, Truths
from parity.models.views import FIRST, LAST, SAME, View, best, repeated, views
from parity.task import Array

CHANNELED = (
    "convolution", "transposed_convolution", "separable_convolution", "batch_norm", "group_norm", "max_pool",
    "average_pool", "global_average_pool", "global_max_pool", "resize", "pad",
)  # fmt: skip
PADDED = ("convolution", "separable_convolution", "max_pool", "average_pool")


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


def entry_view(pair: Pair, first: Array, second: Array, channels: list[int]) -> View | None:
    known = _known(pair, first.ndim, second.ndim)
    if known is not None:
        return known
    candidates = views(first.shape, second.shape, channels if pair.kind == "linear" else ())
    return best(candidates, first, second) if candidates else None


def exit_view(truths: Truths, pair: Pair, link: Link, outputs: list[Array]) -> View | None:
    first = _part(truths.store.get(("out", *link.first)), link.first_part)
    second = _part(outputs[link.second[1]], link.second_part)
    if link.last:
        return SAME
    entry = pair.entries[0].view if pair.entries else None
    if first.ndim > 2 and (known := _known(pair, first.ndim, second.ndim)) is not None:
        return known
    candidates = views(first.shape, second.shape) or repeated(first.shape, second.shape)
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


def carried(errors: list[Array], seen: Array, expected: Array, truth: Truth) -> bool:
    """Whether a tensor differs by what an earlier one differs by: the same fault, further along a skip."""
    return any(
        e.shape == seen.shape and noise_units(seen - e, expected, noise=truth.noise, peak=truth.peak) <= LIMIT
        for e in errors
    )
