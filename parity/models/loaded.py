"""Weights that the user loaded: are they the first model's, and if not, what happened to them on the way."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from parity.judging.noise import JITTER, LIMIT, noise_units, rms
from parity.models.groups import reordered, slots_of_pair, weights_of
from parity.models.partners import Pair
from parity.models.weights import value
from parity.task import Array, Arrays


@dataclass
class Wrong:
    """The worst of a layer's weights, in roundings of itself, and what it was taken for, if that is known."""

    units: float
    cause: str
    note: str


def compare_weights(pair: Pair, pairs: list[Pair]) -> Wrong | None:
    """What is wrong with the second side's weights; None where they are the first's."""
    wanted = weights_of(pair)
    there = {slot.name: slot.get() for slot in slots_of_pair(pair)[1]}
    errors = {name: roundings(there[name], w) for name, w in wanted.items() if name in there}
    if max(errors.values(), default=0.0) <= LIMIT:
        return None
    worst = max(errors, key=lambda name: errors[name])
    cause, note = _explained(wanted, there, errors, pair, pairs)
    return Wrong(errors[worst], cause, note or f"{worst} is another")


def roundings(found: Array, truth: Array) -> float:
    """An error in roundings of the tensor itself, which is the least noise there is."""
    if found.shape != truth.shape:
        return math.inf
    wide = truth.astype("float64")
    return noise_units(found, wide, noise=JITTER * rms(wide) / math.sqrt(3), peak=JITTER * np.abs(wide).max(initial=0))


def _explained(
    wanted: Arrays, there: Arrays, errors: dict[str, float], pair: Pair, pairs: list[Pair]
) -> tuple[str, str]:
    """The cause, and in words what the weights are instead."""
    for cause, note, made in (*_mistakes(wanted, pair), *_padding_row(wanted, there, pair)):
        wrong = [name for name, units in errors.items() if units > LIMIT]
        if all(name in made and roundings(there[name], made[name]) <= LIMIT for name in wrong):
            return cause, note
    for other in pairs:
        if other is not pair and other.kind == pair.kind:
            theirs = weights_of(other)
            if theirs.keys() == wanted.keys() and all(
                roundings(there[n], w) <= LIMIT for n, w in theirs.items() if n in there
            ):
                return "unknown", f"these are the weights of {other.names[0]}"
    return "unknown", ""


def _mistakes(w: Arrays, pair: Pair) -> Iterator[tuple[str, str, Arrays]]:
    """What a loader may have made of the weights."""
    weight = w.get("weight")
    if weight is not None and weight.ndim >= 2 and weight.shape[0] == weight.shape[1]:
        yield "SAVE-SQUARE", "the square matrix is transposed", {**w, "weight": weight.swapaxes(0, 1)}
    if "running_mean" in w and "running_var" in w:
        swapped = {**w, "running_mean": w["running_var"], "running_var": np.abs(w["running_mean"])}
        yield "SAVE-BN", "mean and variance are exchanged", swapped
    if pair.kind == "gru":
        yield "GRU-ORDER", "the gates are in torch's order", {name: _gates(v) for name, v in w.items()}
    biases = [slot for slot in slots_of_pair(pair)[0] if len(slot.variables) == 2]
    for i, which in ((0, "hidden"), (1, "input")):
        one = {slot.name: value(slot.variables[i]) for slot in biases}
        if one:
            yield "LSTM-BIAS", f"the {which} bias is left out", {**w, **one}
    if reordered(pair):
        own = {slot.name: slot.get() for slot in slots_of_pair(pair)[0]}
        yield "CONV-FLATTEN", "the features are in the first model's order", own


def padding_row(pair: Pair) -> int | None:
    """The row of an embedding that torch holds at zero."""
    rows = (getattr(call.layer, "padding_idx", None) for call in (*pair.first, *pair.second))
    return next((row for row in rows if row is not None), None)


def _padding_row(wanted: Arrays, there: Arrays, pair: Pair) -> Iterator[tuple[str, str, Arrays]]:
    row = padding_row(pair)
    if row is not None:
        weight = wanted["weight"].copy()
        weight[row] = there["weight"][row]
        yield "INIT-PADIDX", "the row of the padding is another, and the others are right", {"weight": weight}


def _gates(w: Array) -> Array:
    """The first two of three gates exchanged."""
    a, b, c = np.split(w, 3)
    return np.concatenate([b, a, c])
