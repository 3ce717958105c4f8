"""Running statistics after one forward in train mode: the momentum that keeps them, and the variance's divisor."""

import itertools
import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from parity.judging.noise import LIMIT, Truth, noise_units
from parity.models.faults import named
from parity.models.groups import in_second_order, slots_of_pair
from parity.models.layers import Layers
from parity.models.partners import Pair
from parity.models.report import Fault
from parity.models.runs import Forced
from parity.models.weights import Slot
from parity.task import Array, Arrays


def buffer_faults(layers: Layers, evaluated: Layers, watcher: Forced, before: Arrays) -> Iterator[Fault]:
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
            truth = slot_truth(layers, "buffer", ones.get(name))
            if truth is None or name not in twos:
                continue
            truth = replace(truth, value=in_second_order(pair, truth.value))
            new, old = twos[name].get(), before[names[id(twos[name].variables[0])]]
            errors[name] = units_of(new, truth)
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
            if units_of(value_, truth) <= LIMIT:
                return set(chosen)
    return set()


def _keep(layer: Any) -> float | None:
    """How much of the old value a running statistic keeps."""
    momentum = getattr(layer, "momentum", None)
    if momentum is None:
        return None
    return float(1 - momentum if hasattr(layer, "track_running_stats") else momentum)


def slot_truth(layers: Layers, what: str, slot: Slot | None) -> Truth | None:
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


def units_of(seen: Array, truth: Truth) -> float:
    return noise_units(seen, truth.value, noise=truth.noise, peak=truth.peak)
