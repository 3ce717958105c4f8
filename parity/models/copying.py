"""The weights of one model into another: what a porter needs first."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from parity.models.groups import carry
from parity.models.inputs import arranged, layouts, split
from parity.models.leftover import left_over
from parity.models.pairing import paired
from parity.models.runs import Forced, Record
from parity.models.sides import Model, Side, inputs_of
from parity.models.state import one_line, untouched
from parity.models.store import Store, Truths
from parity.models.truth import restore
from parity.models.unflattened import settled
from parity.models.watch import Trace
from parity.models.weights import assign, value
from parity.task import Arrays, UsageError


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
        side, store = one.itself(), Store()
        record = Record(store)
        try:
            side.run(inputs, record)
            return _written(one, two, side, record, inputs, names, layout)
        finally:
            store.close()


def _written(
    one: Model, two: Model, side: Side, record: Record, inputs: Arrays, names: Mapping[str, str] | None, layout: Any
) -> dict[str, str]:
    copy = two.itself()
    renamed, partners = split(names, inputs)
    given, trace = _accepted(one, two, copy, record, inputs, layout, renamed)
    before = {name: np.array(value(v)) for name, v in copy.variables().items()}
    pairing = paired(record.calls, trace.calls, partners)
    pairs = [pair for pair in pairing.pairs if pair.weighted]
    shared = {id(v) for pair in pairs for call in pair.first for v in _variables(call.layer)}
    first = [c for c in pairing.alone[0] if not all(id(v) in shared for v in _variables(c.layer))]
    if first or pairing.alone[1]:
        said = [
            "; ".join(f"{c.name} ({c.kind or 'own'})" for c in calls) or "none" for calls in (first, pairing.alone[1])
        ]
        raise UsageError(
            f"layers without a partner: in the first model {said[0]}; in the second {said[1]}; give names="
        )
    rest, alone = left_over(side.variables(), copy.variables(), pairs, [*record.calls, *trace.calls])
    if alone:
        raise UsageError("; ".join(alone))
    channels = [
        n
        for call in record.calls
        for shape in (*call.outputs, *call.shapes)
        if len(shape) > 2
        for n in (shape[1], shape[-1])
    ]

    def run() -> Forced:
        watcher = Forced(Truths(record.store), pairs, channels, lambda _, pair: carry(pair), lambda *_: None, {})
        copy.run(given, watcher)
        return watcher

    try:
        settled(run)
        for part in rest:
            assign(part.target, value(part.source))
        new = {name: np.array(value(v)) for name, v in copy.variables().items()}
    finally:
        restore(copy, before)
    for variable, w in zip(two.variables().values(), new.values()):
        assign(variable, w)
    return dict(pair.names for pair in pairs) | {part.first: part.second for part in rest}


def _variables(layer: Any) -> list[Any]:
    from parity.models.weights import slots_of

    return [v for slot in slots_of(layer) for v in slot.variables]


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
