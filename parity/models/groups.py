"""The weights of partners: one layer's slots, or those of several layers under the names that the one has."""

import numpy as np

from parity.models.partners import RECURRENT, Pair
from parity.models.watch import Call
from parity.models.weights import Slots, put_weights, slots_of
from parity.task import Array, Arrays, UsageError

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
    weights = folded(pair.first) if folds(pair) else {slot.name: slot.get() for slot in one}
    return {name: in_second_order(pair, w) for name, w in weights.items()}


def reordered(pair: Pair) -> bool:
    """Whether the features that reach the layer, or that it returns, lie in another order on the second side."""
    return any(link.view is not None and link.view.of_features for link in (*pair.entries, *pair.exits))


def in_second_order(pair: Pair, w: Array) -> Array:
    """A weight of the first side, or its gradient, in the order of the second side's features.

    The columns of a layer that a flattened image reaches, and the rows of one of whose features an image is made.
    """
    into, out = (links[0].view if links else None for links in (pair.entries, pair.exits))
    if into is not None and into.of_features and w.ndim == 2:
        w = into(w)
    if out is not None and out.of_features and w.size > 1:
        w = out(w.reshape(len(w), -1).T).T.reshape(w.shape)
    return w


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
