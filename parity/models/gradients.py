"""The gradients of every weight and input, where all before them is right."""

import math
from dataclasses import replace

import numpy as np

from parity.judging.noise import LIMIT, Truth, rms
from parity.models.faults import named
from parity.models.groups import in_second_order, slots_of_pair
from parity.models.layers import Layers
from parity.models.loaded import padding_row
from parity.models.partners import Pair
from parity.models.report import Fault
from parity.models.statistics import slot_truth, units_of
from parity.models.views import SAME
from parity.task import Array, Arrays

ZERO = 2.0**-40  # of the layer's largest gradient: less is zero in theory, and has no noise of its own


def gradient_faults(layers: Layers, gradients: Arrays, behind: int) -> list[Fault]:
    """The gradients of every weight; before a layer that is wrong they are not judged."""
    names = {id(v): name for name, v in layers.wide.variables().items()}
    faults = []
    for i, pair in enumerate(layers.pairs):
        if i <= behind or i in layers.misfit or len(pair.first) > 1 != len(pair.second) > 1:
            continue
        found: dict[str, tuple[float, str]] = {}
        cause = "unknown"
        ones, twos = ({slot.name: slot for slot in slots} for slots in slots_of_pair(pair))
        truths = {name: slot_truth(layers, "gradient", slot) for name, slot in ones.items() if name in twos}
        largest = max((t for t in truths.values() if t is not None), key=lambda t: rms(t.value), default=None)
        for name, truth in truths.items():
            if name.startswith("running"):
                continue
            theirs = [gradients.get(names[id(v)]) for v in twos[name].variables]
            there = all(g is not None for g in theirs)
            if (truth is None) != (not there):
                which = "first" if truth is None else "second"
                found[name] = (math.inf, f"{name} has no gradient in the {which} model")
            elif truth is not None and largest is not None:
                if rms(truth.value) <= ZERO * rms(largest.value):
                    truth = truth.with_noise_of(largest)
                expected = replace(truth, value=in_second_order(pair, truth.value))
                seen = twos[name].derivative(*theirs)
                found[name] = (units_of(seen, expected), f"the gradient of {name}")
                cause = _of_gradient(pair, seen, expected)
        wrong = {name: seen for name, seen in found.items() if seen[0] > LIMIT}
        if wrong:
            worst = max(wrong.values(), key=lambda seen: seen[0])
            note = "; ".join(note for _, note in wrong.values())
            faults.append(named(Fault("gradients", *pair.names, worst[0], note=note), cause))
    return faults or (_input_gradients(layers, gradients) if behind < 0 else [])


def _of_gradient(pair: Pair, seen: Array, truth: Truth) -> str:
    """An embedding whose gradient is right but for the row of the padding, which has none in torch."""
    row = padding_row(pair)
    if row is None:
        return "unknown"
    rest = np.array(seen)
    rest[row] = truth.value[row]
    return "INIT-PADIDX" if units_of(rest, truth) <= LIMIT else "unknown"


def _input_gradients(layers: Layers, gradients: Arrays) -> list[Fault]:
    """The gradient of each input, where those of all weights are right."""
    faults = []
    first_names = {b: a for a, b in layers.input_names.items()}
    for other in layers.inputs:
        name = first_names.get(other, other)
        truth, there = layers.first.named("gradient", f"input {name}"), gradients.get(f"input {other}")
        if truth is None and there is None:
            continue
        if truth is None or there is None:
            faults.append(Fault("gradients", "input", "input", note=f"input {name} has a gradient in one model alone"))
            continue
        view = layers.layout.get(name, SAME)
        units = units_of(there, replace(truth, value=view(truth.value)))
        if units > LIMIT:
            faults.append(Fault("gradients", "input", "input", units, note=f"the gradient of input {name}"))
    return faults
