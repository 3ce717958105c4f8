"""What only training shows: the layers in train mode, the buffers after one forward, and the gradients.

Dropout is off in both copies: its masks are two generators'.  The second model runs forced, and gradients pass through
what is replaced, so a wrong value is no wrong gradient.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from parity.judging.noise import LIMIT
from parity.models.faults import named
from parity.models.gradients import gradient_faults
from parity.models.layers import Layers
from parity.models.partners import Pair
from parity.models.report import Fault
from parity.models.runs import Forced
from parity.models.statistics import buffer_faults
from parity.models.truth import Measured, restore
from parity.models.watch import Trace
from parity.models.weights import value


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
        faults = [*_rates(layers), *_modes(layers, trained, watcher), *buffer_faults(trained, layers, watcher, before)]
        wrong = [
            i
            for i, found in layers.found.items()
            if found.units > LIMIT or max(found.edges.values(), default=0) > LIMIT
        ]
        wrong += [i for i, found in watcher.found.items() if found.units > LIMIT]
        return [*faults, *gradient_faults(trained, gradients, max(wrong, default=-1))]
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
            notes = [mend.note for mend in mends] or [""]
            for note, entry in zip(notes, entries or ["unknown"]):
                yield named(Fault("training", *pair.names, found.units, note=note, stated=not mends), entry)
        edge = max(found.edges.values(), default=0.0)
        if edge > LIMIT and not found.carried and not (before and max(before.edges.values(), default=0.0) > LIMIT):
            source = trained.source(pair.first[0].index)
            yield Fault("training", source, pair.first[0].name, edge, note=f"between {source} and {pair.first[0].name}")
