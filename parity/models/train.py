"""What only training shows: the layers in train mode, the buffers after one forward, and the gradients.

Dropout is off in both copies: its masks are two generators'.  The second model runs forced, and gradients pass through
what is replaced, so a wrong value is no wrong gradient.
"""

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from parity.judging.noise import LIMIT, Truth, noise_units, rms
from parity.models.faults import named
from parity.models.groups import in_second_order, slots_of_pair
from parity.models.layers import Layers
from parity.models.loaded import padding_row
from parity.models.partners import Pair
from parity.models.report import Fault
from parity.models.runs import Forced
from parity.models.truth import Measured, restore
from parity.models.views import SAME
from parity.models.watch import Trace
from parity.models.weights import Slot, value
from parity.task import Array, Arrays

ZERO = 2.0**-40  # of the layer's largest gradient: less is zero in theory, and has no noise of its own


def train_faults(layers: Layers, truth: Measured) -> list[Fault]:
    """The faults of training.

    Args:
        layers: the comparison in eval mode, whose partners and weights are taken over.
        truth: the first model, measured in train mode.
    """
    trained = replace(layers, first=truth, training=True, causes={}, error="")
    before = {name: np.array(value(v)) for name, v in layers.wide.variables().items()}
    try:
        trace = Trace()
        layers.wide.run(layers.inputs, trace, training=True)
        other = [
            place for place, at_rest, now in (
                ("first", layers.first.calls, truth.calls), ("second", layers.second_calls, trace.calls),
            ) if [call.kind for call in at_rest] != [call.kind for call in now]
        ]  # fmt: skip
        if other:
            layers.notes.append(f"the {other[0]} model calls other layers in train mode: they were not compared there")
            return []
        restore(layers.wide, before)
        watcher, results = trained.forced(layers.wide, _carried(trained), trained.look_for_cause, gradients=True)
        cotangents = {
            output.second: output.view(truth.cotangents[output.first])
            for output in layers.outputs
            if output.view is not None and output.first in truth.cotangents
        }
        gradients = layers.wide.backward(cotangents) if results else {}
        faults = [*_rates(layers), *_modes(layers, trained, watcher), *_buffers(trained, layers, watcher, before)]
        wrong = [
            i
            for i, found in layers.found.items()
            if found.units > LIMIT or max(found.edges.values(), default=0) > LIMIT
        ]
        wrong += [i for i, found in watcher.found.items() if found.units > LIMIT]
        return [*faults, *_gradients(trained, gradients, max(wrong, default=-1))]
    finally:
        restore(layers.wide, before)


def _carried(layers: Layers) -> Callable[[int, Pair], None]:
    """Where loaded weights are wrong, the gradients are those of the right ones."""
    return lambda place, pair: layers.carry(place, pair) if place in layers.wrong else None


def _rates(layers: Layers) -> Iterator[Fault]:
    """Rates of dropout: the configurations say it, since two generators' masks cannot be compared."""
    for i, pair in enumerate(layers.pairs):
        if pair.kind == "dropout":
            for entry in layers.settings[i]:
                yield named(Fault("training", *pair.names, note="the configurations differ"), entry)


def _modes(layers: Layers, trained: Layers, watcher: Forced) -> Iterator[Fault]:
    """Layers and edges that are right in eval mode and wrong in train mode."""
    for i, found in watcher.found.items():
        pair, before = trained.pairs[i], layers.found.get(i)
        if found.units > LIMIT and not (before is not None and before.units > LIMIT):
            mends, entries = trained.causes.get(i, ([], []))
            note = "; ".join(mend.note for mend in mends if mend.note)
            for entry in entries or ["unknown"]:
                yield named(Fault("training", *pair.names, found.units, note=note, stated=not mends), entry)
        edge = max(found.edges.values(), default=0.0)
        if edge > LIMIT and not found.carried and not (before and max(before.edges.values(), default=0.0) > LIMIT):
            source = trained.source(pair.first[0].index)
            yield Fault("training", source, pair.first[0].name, edge, note=f"between {source} and {pair.first[0].name}")


def _buffers(layers: Layers, evaluated: Layers, watcher: Forced, before: Arrays) -> Iterator[Fault]:
    """Running statistics after one forward in train mode; not of a layer that is in another mode there."""
    wrong_before = {i: found.units > LIMIT for i, found in evaluated.found.items()}
    names = {id(v): name for name, v in layers.wide.variables().items()}
    for i, pair in enumerate(layers.pairs):
        frozen = watcher.found[i].units > LIMIT and not wrong_before.get(i)
        if pair.kind != "batch_norm" or frozen or i in layers.misfit:
            continue
        errors, causes = {}, set()
        ones, twos = ({slot.name: slot for slot in slots} for slots in slots_of_pair(pair))
        for name in ("running_mean", "running_var"):
            truth = _truth(layers, "buffer", ones.get(name))
            if truth is None or name not in twos:
                continue
            truth = replace(truth, value=in_second_order(pair, truth.value))
            new, old = twos[name].get(), before[names[id(twos[name].variables[0])]]
            errors[name] = _units(new, truth)
            if errors[name] > LIMIT:
                causes |= _of_buffer(pair, name, truth, new=new, old=old)
        if max(errors.values(), default=0.0) > LIMIT:
            for entry in sorted(causes) or ["unknown"]:
                note = f"{' and '.join(n for n, u in errors.items() if u > LIMIT)} after one forward in train mode"
                yield named(Fault("buffers", *pair.names, max(errors.values()), note=note), entry)


def _of_buffer(pair: Pair, name: str, truth: Truth, *, new: Array, old: Array) -> set[str]:
    """The fewest of momentum and unbiased variance that make a running statistic agree.

    new = old · keep + batch · (1 - keep); torch's momentum is 1 - keep, and its variance is over n - 1 values.
    """
    keeps = [_keep(calls[-1].layer) for calls in (pair.first, pair.second)]
    if None in keeps:
        return set()
    wanted, had = float(keeps[0] or 0.0), float(keeps[1] or 0.0)
    batch = (new - old * had) / (1 - had)
    n = math.prod(pair.second[-1].shapes[0]) / batch.size
    unbiased = [hasattr(calls[-1].layer, "track_running_stats") for calls in (pair.first, pair.second)]
    factor = {(True, False): n / (n - 1), (False, True): (n - 1) / n}.get((unbiased[0], unbiased[1]), 1.0)
    mends = {"BN-MOM": wanted != had, "BN-VAR": factor != 1.0 and name == "running_var"}
    options = [entry for entry, there in mends.items() if there]
    for many in range(1, len(options) + 1):
        for chosen in itertools.combinations(options, many):
            keep = wanted if "BN-MOM" in chosen else had
            value_ = old * keep + batch * (factor if "BN-VAR" in chosen else 1.0) * (1 - keep)
            if _units(value_, truth) <= LIMIT:
                return set(chosen)
    return set()


def _keep(layer: Any) -> float | None:
    """How much of the old value a running statistic keeps."""
    momentum = getattr(layer, "momentum", None)
    if momentum is None:
        return None
    return float(1 - momentum if hasattr(layer, "track_running_stats") else momentum)


def _gradients(layers: Layers, gradients: Arrays, behind: int) -> list[Fault]:
    """The gradients of every weight; before a layer that is wrong they are not judged."""
    names = {id(v): name for name, v in layers.wide.variables().items()}
    faults = []
    for i, pair in enumerate(layers.pairs):
        if i <= behind or i in layers.misfit or len(pair.first) > 1 != len(pair.second) > 1:
            continue
        found: dict[str, tuple[float, str]] = {}
        cause = "unknown"
        ones, twos = ({slot.name: slot for slot in slots} for slots in slots_of_pair(pair))
        truths = {name: _truth(layers, "gradient", slot) for name, slot in ones.items() if name in twos}
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
                found[name] = (_units(seen, expected), f"the gradient of {name}")
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
    return "INIT-PADIDX" if _units(rest, truth) <= LIMIT else "unknown"


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
        units = _units(there, replace(truth, value=view(truth.value)))
        if units > LIMIT:
            faults.append(Fault("gradients", "input", "input", units, note=f"the gradient of input {name}"))
    return faults


def _truth(layers: Layers, what: str, slot: Slot | None) -> Truth | None:
    """The truth of a slot's gradient or buffer, in torch's layout; None where it has none."""
    if slot is None:
        return None
    names = {id(v): name for name, v in layers.first_side.variables().items()}
    parts = [layers.first.named(what, names[id(v)]) for v in slot.variables]
    found = [part for part in parts if part is not None]
    if len(found) < len(parts):
        return None
    read = slot.derivative if what == "gradient" else slot.read
    return replace(found[0], value=read(*(part.value for part in found)))


def _units(seen: Array, truth: Truth) -> float:
    return noise_units(seen, truth.value, noise=truth.noise, peak=truth.peak)
