"""Why the input of a right layer differs: what a layer without a partner did on the way, or which state it took.

The model runs forced once more for each suspicion, with what is suspected mended on every such way.
"""

import math
from collections.abc import Callable, Mapping

import numpy as np

from parity.judging.noise import LIMIT, noise_units
from parity.models.causes import apply
from parity.models.layers import Layers
from parity.models.links import states
from parity.models.outputs import Output
from parity.models.partners import Pair
from parity.models.runs import Isolated
from parity.models.suspects import Suspect, mended, suspects
from parity.models.watch import Again, Call
from parity.task import Array


def explain(layers: Layers) -> None:
    """Name the causes of edges where they are proven, and say of an attention that got key and value exchanged so."""
    for place, found in layers.found.items():
        if max(found.edges.values(), default=0.0) > LIMIT:
            _exchanged(layers, place)
            _last_step(layers, place)
    _carried_on(layers)
    for suspect in suspects(layers.wide.framework):
        open_ = [place for place in layers.found if _faulty(layers, place) and place not in layers.edge_causes]
        ends = _wrong_ends(layers)
        if not open_ and not ends:
            return
        calls = [index for index, call in _alone(layers).items() if suspect.mend(call) is not None]
        if not calls and not suspect.function:
            continue
        with mended(suspect, layers.wide.net, layers.wide.framework):
            watcher, results = layers.forced(layers.wide, mends=dict.fromkeys(calls, _mend(suspect)))
        for place in open_:
            if max(watcher.found[place].edges.values(), default=math.inf) <= LIMIT:
                layers.edge_causes[place] = suspect.entry
        for output in ends:
            if output.error(layers.first.truths, results[output.second], forced=True) <= LIMIT:
                output.cause = suspect.entry


def _faulty(layers: Layers, place: int) -> bool:
    found = layers.found[place]
    return max(found.edges.values(), default=0.0) > LIMIT and not found.carried


def _wrong_ends(layers: Layers) -> list[Output]:
    return [o for o in layers.outputs if o.edge > LIMIT and not o.cause and not o.carried]


def _carried_on(layers: Layers) -> None:
    """A wrong tensor that goes on along a skip is one fault: what it alone made wrong is right once it is right.

    The model runs once more for each wrong edge, in their order: whatever call without a partner made the wrong tensor
    of this edge, and of those before, returns the truth.
    """
    right: list[tuple[Array, Array]] = []
    latest: Mapping[int, Isolated] = layers.found
    wrong = [place for place in layers.found if _faulty(layers, place)]
    for i, place in enumerate(wrong):
        known = place in layers.called_wrong or place in layers.edge_causes
        later = [other for other in wrong[i + 1 :] if _faulty(layers, other)]
        if known or not _faulty(layers, place) or not (later or _wrong_ends(layers)):
            continue
        right += _due(layers, place, latest[place].seen)
        watcher, results = layers.forced(layers.wide, mends=dict.fromkeys(_alone(layers), _instead(right)))
        latest = watcher.found
        for other in later:
            layers.found[other].carried = max(latest[other].edges.values(), default=math.inf) <= LIMIT
        for output in _wrong_ends(layers):
            output.carried = output.error(layers.first.truths, results[output.second], forced=True) <= LIMIT


def _due(layers: Layers, place: int, seen: Mapping[int, Array]) -> list[tuple[Array, Array]]:
    """What a layer wrongly got, and what it should have got."""
    return [
        (seen[link.second[1]], link.view(layers.first.truths.store.get(("in", *link.first))))
        for link in layers.pairs[place].entries
        if link.second[1] in seen and link.view is not None
    ]


def _instead(right: list[tuple[Array, Array]]) -> Callable[[Call, Again], list[Array]]:
    return lambda call, again: [next((due for wrong, due in right if np.array_equal(wrong, y)), y) for y in again()]


def _alone(layers: Layers) -> dict[int, Call]:
    """The second model's calls that have no partner."""
    paired = {call.index for pair in layers.pairs for call in pair.second}
    return {call.index: call for call in layers.second_calls if call.index not in paired}


def _mend(suspect: Suspect) -> Callable[[Call, Again], list[Array]]:
    return lambda call, again: apply([mend for mend in (suspect.mend(call),) if mend is not None], again)


def _exchanged(layers: Layers, place: int) -> None:
    """An attention whose key and value came in each other's place is called wrong, and nothing before it is."""
    pair, found = layers.pairs[place], layers.found[place]
    if pair.kind != "attention":
        return
    wrong = [link for link in pair.entries if link.second[1] in found.seen]
    if len(wrong) == 2 and all(
        _is(layers, found.seen[a.second[1]], ("in", *b.first)) for a, b in (wrong, wrong[::-1])
    ):  # fmt: skip
        layers.called_wrong[place] = ("MHA-ORDER", "it gets key and value in each other's place")


def _last_step(layers: Layers, place: int) -> None:
    """The last step of both directions in torch, where the backward one has read one word, and the states in Keras."""
    for other in layers.pairs:
        link = other.exits[0] if other.exits else None
        if link is None or link.last != 2 or not layers.pairs[place].entries:
            continue
        seen = layers.found[place].seen.get(layers.pairs[place].entries[0].second[1])
        key = ("out", link.first[0], 1)
        if seen is not None and key in layers.first.truths.store:
            truth = layers.first.truths.of(key, forced=True)
            expected = states(truth.value, 2)
            if expected.shape == seen.shape and noise_units(
                seen, expected, noise=truth.noise, peak=truth.peak
            ) <= LIMIT and _step_taken(layers, layers.pairs[place], link.first[0]):  # fmt: skip
                layers.edge_causes[place] = "LSTM-BI"


def _step_taken(layers: Layers, pair: Pair, call: int) -> bool:
    """Whether the first model hands on a step of the sequence."""
    sequence = layers.first.truths.store.get(("out", call, 0))
    given = layers.first.truths.store.get(("in", *pair.entries[0].first))
    steps = [sequence[:, -1], sequence[-1]] if sequence.ndim == 3 else []
    return any(step.shape == given.shape and (step == given).all() for step in steps)


def _is(layers: Layers, seen: Array, key: tuple[str, int, int]) -> bool:
    truth = layers.first.truths.of(key, forced=True)
    same = seen.shape == truth.value.shape
    return same and noise_units(seen, truth.value, noise=truth.noise, peak=truth.peak) <= LIMIT
