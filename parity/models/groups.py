"""The weights of partners: one layer's slots, or those of several layers under the names that the one has."""

import numpy as np

from parity.models.pairing import RECURRENT, Pair
from parity.models.views import SAME
from parity.models.watch import Call
from parity.models.weights import Slots, put_weights, slots_of
from parity.task import Arrays, UsageError

PROJECTIONS = ("q", "k", "v", "out")  # of an attention, in the order of their calls


def slots_of_pair(pair: Pair) -> tuple[Slots, Slots]:
    """The slots of both sides, by the same names."""
    one, two = ([call for call in calls if call.kind != "pad"] for calls in (pair.first, pair.second))
    slots = _slots(pair, one, len(two)), _slots(pair, two, len(one))
    if len(slots[0]) == len(slots[1]) and not all(call.kind for call in (*one, *two)):
        return slots[0], [slot.named(other.name) for slot, other in zip(slots[1], slots[0])]  # no rule, so no names
    return slots


def weights_of(pair: Pair) -> Arrays:
    """The first side's weights as the second side is to have them."""
    one, _ = slots_of_pair(pair)
    if folds(pair):
        return folded(pair.first)
    weights = {slot.name: slot.get() for slot in one}
    view = pair.entries[0].view if pair.entries else None
    if pair.kind == "linear" and view not in (None, SAME):
        # A flattened image reaches this layer in another order, so its columns change their order too.
        for name, w in weights.items():
            if name.endswith("weight") and view is not None and "flattened" in view.name:
                weights[name] = view(w)
    return weights


def carry(pair: Pair) -> None:
    """Write the first side's weights into the second's; UsageError with both names and shapes if they do not fit."""
    names = pair.names
    put_weights(weights_of(pair), slots_of_pair(pair)[1], first=names[0], second=names[1])


def folded(calls: list[Call]) -> Arrays:
    """A layer and its batch normalisation, at rest, as one layer: w · γ / √(var + eps), and the shift as its bias."""
    layer, norm = (slots_of(call.layer) for call in calls)
    w = {slot.name: slot.get() for slot in layer}
    bn = {slot.name: slot.get() for slot in norm}
    eps = getattr(calls[1].layer, "eps", None) or getattr(calls[1].layer, "epsilon", 0.0)
    scale = bn.get("weight", np.ones_like(bn["running_mean"])) / np.sqrt(bn["running_var"] + eps)
    bias = (w.get("bias", 0.0) - bn["running_mean"]) * scale + bn.get("bias", 0.0)
    return {"weight": w["weight"] * scale.reshape(-1, *[1] * (w["weight"].ndim - 1)), "bias": bias}


def folds(pair: Pair) -> bool:
    """Whether the first side's normalisation is a part of the second side's layer."""
    return [call.kind for call in pair.first][-1:] == ["batch_norm"] and pair.kind != "batch_norm"


def _slots(pair: Pair, mine: list[Call], others: int) -> Slots:
    if len(mine) == 1:
        slots = slots_of(mine[0].layer)
        packed = others > 1 and mine[0].kind == "linear" and pair.kind == "linear"
        return [slot.rows(f"{i}.{slot.name}", i, others) for i in range(others) for slot in slots] if packed else slots
    if others > 1:
        raise UsageError(f"{pair.names[0]} and {pair.names[1]} are several layers on both sides")
    if pair.kind in RECURRENT:
        return [
            slot.named(slot.name.replace("_l0", f"_l{i}"))
            for i, call in enumerate(mine)
            for slot in slots_of(call.layer)
        ]
    parts = PROJECTIONS if pair.kind == "attention" else [str(i) for i in range(len(mine))]
    return [slot.named(f"{parts[i]}.{slot.name}") for i, call in enumerate(mine) for slot in slots_of(call.layer)]
