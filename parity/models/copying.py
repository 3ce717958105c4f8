"""The weights of one model into another: what a porter needs first."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from parity.judging.coarse import LIMIT
from parity.judging.noise import JITTER
from parity.models.groups import carry
from parity.models.inputs import arranged, layouts, split
from parity.models.leftover import Leftover, left_over, without_partner
from parity.models.loaded import roundings
from parity.models.pairing import paired
from parity.models.partners import Pairing
from parity.models.runs import Forced, Record
from parity.models.siblings import END, proven
from parity.models.sides import Model, Side, inputs_of
from parity.models.state import one_line, untouched
from parity.models.store import Store, Truths
from parity.models.truth import restore
from parity.models.unflattened import settled
from parity.models.views import best, views
from parity.models.watch import Call, Trace
from parity.models.weights import assign, value
from parity.task import Arrays, UsageError

COARSE = LIMIT / JITTER  # of roundings: more than that is none


def copy_weights(
    source: Any, target: Any, x: Any = None, *, names: Mapping[str, str] | None = None, layout: Any = None
) -> dict[str, str]:
    """Write the weights of `source` into `target`, in place: torch to Keras, Keras to torch, or within one framework.

    Layers are partners by the order of their calls, their kind and their shapes; weights change their layout, and the
    rows their order behind a flattened image, and where an image is made of them.

    Args:
        source, target: two models; the target is changed, all of it or, after an error, nothing.  A Keras target that
            was never called is built from x.
        x: an input in the source's layout: an array, a tuple or a dictionary.  It may be left out where one of the two
            is a Keras model that states the shapes of its inputs.
        names: as in `compare_models`.
        layout: as in `compare_models`.

    Returns:
        The partners by name.

    Raises:
        UsageError: a layer with weights has no partner, or weights do not fit; the message has both names and shapes.
    """
    with untouched():
        one, two = Model(source, "first"), Model(target, "second", unbuilt=x is not None)
        inputs = inputs_of(x if x is not None else _example(one, two))
        side, copy, record = one.itself(), two.itself(), Record(Store())
        try:
            try:
                results = side.run(inputs, record)
            except Exception as error:
                raise UsageError(f"the first model fails: {one_line(error)}") from error
            renamed, partners = split(names, inputs, record.calls)
            given, trace = _accepted(one, two, copy, record, inputs, layout, renamed)
            before = {name: np.array(value(v)) for name, v in copy.variables().items()}
            try:
                partners = _Copying(side, record, results, copy, given, trace.calls, partners).write()
                new = {name: np.array(value(v)) for name, v in copy.variables().items()}
            finally:
                restore(copy, before)
        finally:
            record.store.close()
        for variable, w in zip(two.variables().values(), new.values()):
            assign(variable, w)
        return partners


@dataclass
class _Copying:
    """The source, which has run, and a copy of the target, into which its weights are written."""

    side: Side
    record: Record
    results: Arrays  # of the source
    copy: Side
    inputs: Arrays  # in the target's layout
    calls: list[Call]  # of the target
    names: Mapping[str, str]

    def write(self) -> dict[str, str]:
        """The partners by name, whose weights are written.

        Raises:
            UsageError: a layer or a weight has no partner, or may have another as well.
        """
        taken = self.record.store.place
        pairing, doubts = proven(self.names, self._pairing, lambda index: taken(("in", index, 0)), self._wrong)
        if doubts:
            raise UsageError(f"{doubts[0]}; say which is which by names=")
        self._forced(pairing)
        return dict(pair.names for pair in pairing.pairs) | {part.first: part.second for part in self._rest(pairing)}

    def _pairing(self, names: Mapping[str, str], called: bool) -> Pairing:
        pairing = paired(self.record.calls, self.calls, names, called=called)
        return Pairing([pair for pair in pairing.pairs if pair.weighted], pairing.alone)

    def _rest(self, pairing: Pairing) -> list[Leftover]:
        calls = [*self.record.calls, *self.calls]
        rest, alone = left_over(self.side.variables(), self.copy.variables(), pairing.pairs, calls)
        for said in (without_partner(pairing, rest), *alone):
            if said:
                raise UsageError(f"{said}; give names=" if "names=" not in said else said)
        return rest

    def _forced(self, pairing: Pairing) -> tuple[Forced, Arrays]:
        """The copy with the source's weights, each layer fed what its partner got."""
        shapes = [s for call in self.record.calls for s in (*call.outputs, *call.shapes) if len(s) > 2]
        channels = [n for shape in shapes for n in (shape[1], shape[-1])]
        results: Arrays = {}
        for part in self._rest(pairing):
            assign(part.target, value(part.source))

        def run() -> Forced:
            nonlocal results
            truths = Truths(self.record.store)
            watcher = Forced(truths, pairing.pairs, channels, lambda _, pair: carry(pair), lambda *_: None, {})
            results = self.copy.run(self.inputs, watcher)
            return watcher

        return settled(run), results

    def _wrong(self, pairing: Pairing) -> list[float]:
        """Where the copy is wrong by more than any rounding: the calls of the source, and the end."""
        try:
            watcher, results = self._forced(pairing)
        except UsageError:  # weights do not fit
            return [*(pair.first[0].index for pair in pairing.pairs), END]
        places: list[float] = [
            pairing.pairs[i].first[0].index
            for i, found in watcher.found.items()
            if max(found.edges.values(), default=0.0) > COARSE and not found.carried
        ]
        for a, b in zip(self.results.values(), results.values()):
            found = views(a.shape, b.shape)
            if found and roundings(b, best(found, a, b)(a)) > COARSE:
                return [*places, END]
        return places


def _accepted(
    one: Model, two: Model, copy: Side, record: Record, inputs: Arrays, layout: Any, names: Mapping[str, str]
) -> tuple[Arrays, Trace]:
    """The inputs in the first layout that the target takes, and its calls."""
    errors = []
    for candidate in layouts(one, two, record.calls, inputs, layout, names):
        given, trace = arranged(inputs, candidate, names), Trace()
        try:
            if two.framework == "tf" and not two.given.built:
                copy.run(given)  # a model that was never called has its weights afterwards
            copy.run(given, trace)
            return given, trace
        except Exception as error:
            errors.append(error)
    raise UsageError(f"the second model fails: {one_line(errors[0])}") from errors[0]


def _example(one: Model, two: Model) -> Any:
    """An input as a Keras model states it, in the source's layout."""
    tensors = next((t for m in (one, two) if (t := getattr(m.given, "inputs", None)) and m.framework == "tf"), None)
    if not tensors or any(None in t.shape[1:] for t in tensors):
        raise UsageError("give x=: an example input, since no model states the shapes of its inputs")
    channels = one.framework == "torch" and one.takes_channels()
    rng, found = np.random.default_rng(0), []
    for tensor in tensors:
        shape = (2, *tensor.shape[1:])
        array = rng.normal(size=shape) if "float" in str(tensor.dtype) else rng.integers(0, 2, shape)
        found.append(np.moveaxis(array, -1, 1) if channels and len(shape) > 2 else array)
    return tuple(found)
