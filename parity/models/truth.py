"""The truth of every tensor of the first model, and how far rounding may move it."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import numpy as np

from parity.judging.noise import SAMPLES, Truth
from parity.models.repeat import repeat
from parity.models.report import output_name
from parity.models.runs import Jitter, Record, jittered
from parity.models.sides import Side
from parity.models.state import one_line
from parity.models.store import Key, Store, Truths
from parity.models.watch import Call
from parity.models.weights import assign, value
from parity.task import Array, Arrays, UsageError

LARGE = 4_000_000  # weights from which fewer jittered runs are made
FEW = 3


@dataclass
class Measured:
    """The first model, measured."""

    truths: Truths
    calls: list[Call]
    results: Arrays  # its outputs
    samples: int
    cotangents: Arrays  # the gradients of the outputs, drawn; none of a run in eval mode

    def named(self, what: str, name: str) -> Truth | None:
        """The truth of the "gradient" or the "buffer" of a variable, or of `input NAME`; None where there is none."""
        key = (what, name, 0)
        return self.truths.of(key, forced=False) if key in self.truths.store else None

    def close(self) -> None:
        self.truths.store.close()


def measured(
    side: Side, inputs: Arrays, *, training: bool = False, outputs: Collection[str] = (), step: Callable[[str], None]
) -> Measured:
    """Run the first model in float64, twice, and some jittered runs; in train mode with its gradients and buffers.

    Args:
        outputs: those that gradients begin at, in train mode.

    Raises:
        UsageError: it does not repeat itself, its outputs are no numbers, or it fails.
    """
    before = {name: value(v).copy() for name, v in side.variables().items()}
    store = Store()
    try:
        return _measured(side, inputs, before, store, training, outputs, step)
    except BaseException:
        store.close()
        raise
    finally:
        restore(side, before)


def _measured(
    side: Side, inputs: Arrays, before: Arrays, store: Store, training: bool, outputs: Collection[str],
    step: Callable[[str], None],
) -> Measured:  # fmt: skip
    record, rng = Record(store), np.random.default_rng(SAMPLES)
    step("the truth")
    try:
        results = _copied(side.run(inputs, record, training=training))
        restore(side, before)
        repeat(side, inputs, results, "first", training=training)
    except UsageError:
        raise
    except Exception as error:
        last = record.calls[-1] if record.calls else None
        place = f" {'after' if last.outputs else 'in'} {last.name}" if last else ""
        said = one_line(error)
        raise UsageError(f"the first model fails{place}: {said}{_given(inputs, said)}") from error
    if not results:
        raise UsageError("the first model returns no tensor, so there is nothing to compare")
    _finite(store, record.calls, results)
    for i, y in enumerate(results.values()):
        store.put(("result", 0, i), y)
    cotangents = {
        n: rng.normal(size=y.shape) for n, y in results.items() if training and n in outputs and y.dtype.kind == "f"
    }
    for key, x in _of_training(side, inputs, before, cotangents).items():
        store.put(key, x)
    truths = Truths(store)
    samples = SAMPLES if sum(w.size for w in before.values()) < LARGE else FEW
    for forced in (False, True):
        for i in range(samples):
            step(f"the noise{' of each layer' if forced else ''}, {i + 1} of {samples}")
            spreads = truths.forced if forced else truths.free
            weights = {name: jittered(rng, w.astype("float64")) for name, w in before.items()}
            restore(side, weights)
            given = {n: jittered(rng, a.astype("float64") if a.dtype.kind == "f" else a) for n, a in inputs.items()}
            outputs = side.run(given, Jitter(store, rng, forced, spreads), training=training)
            for j, (y, truth) in enumerate(zip(outputs.values(), results.values())):
                if truth.dtype.kind == "f":
                    spreads["result", 0, j].add((y - truth)[np.isfinite(truth)])
            for key, moved_one in ({} if forced else _of_training(side, given, weights, cotangents)).items():
                spreads[key].add(moved_one - store.get(key))
    return Measured(truths, record.calls, results, samples, cotangents)


def _given(inputs: Arrays, said: str) -> str:
    """Where an error speaks of dtypes: what the user gave, since the copy runs in another precision."""
    if "dtype" not in said and "scalar type" not in said:
        return ""
    kinds = {name: "real numbers" if x.dtype.kind == "f" else str(x.dtype) for name, x in inputs.items()}
    what = ", ".join(
        f"x[{name!r}] is of {kind}" if len(kinds) > 1 else f"x is of {kind}" for name, kind in kinds.items()
    )
    return f" (you gave: {what}; Double is the float64 in which the first model is measured)"


def _of_training(side: Side, inputs: Arrays, weights: Arrays, cotangents: Arrays) -> dict[Key, Array]:
    """The gradients and the buffers after one forward in train mode, from these weights."""
    if not cotangents:
        return {}
    restore(side, weights)
    side.run(inputs, training=True, gradients=True)
    found: dict[Key, Array] = {("gradient", name, 0): g for name, g in side.backward(cotangents).items()}
    buffers: dict[Key, Array] = {
        ("buffer", name, 0): value(v).copy() for name, v in side.variables().items() if not trained(v)
    }
    return {**found, **buffers}


def trained(variable: Any) -> bool:
    """Whether an optimizer would move a variable: no buffer, and not frozen."""
    return bool(getattr(variable, "requires_grad", getattr(variable, "trainable", False)))


def _copied(arrays: Arrays) -> Arrays:
    return {name: np.array(a) for name, a in arrays.items()}


def restore(side: Side, before: Arrays) -> None:
    """Give the copy these weights."""
    variables = side.variables()
    for name, w in before.items():
        assign(variables[name], w)


def _finite(store: Store, calls: list[Call], results: Arrays) -> None:
    """A NaN is refused where it begins: there is no truth behind it."""
    for call in calls:
        for which, tensors, does in (("in", call.shapes, "gets"), ("out", call.outputs, "returns")):
            if any(_nan(store.get((which, call.index, i))) for i in range(len(tensors))):
                raise UsageError(f"{call.name} of the first model {does} a NaN")
    for name, y in results.items():
        if _nan(y):
            raise UsageError(f"the first model's {output_name(name)} has a NaN")


def _nan(x: Array) -> bool:
    return x.dtype.kind == "f" and bool(np.isnan(x).any())
