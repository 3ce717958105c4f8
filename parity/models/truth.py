"""The truth of every tensor of the first model, and how far rounding may move it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from parity.judging.noise import SAMPLES
from parity.models.runs import Jitter, Record, Store, Truths, jittered
from parity.models.sides import Side
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

    def close(self) -> None:
        self.truths.store.close()


def measured(side: Side, inputs: Arrays, *, training: bool = False, step: Callable[[str], None]) -> Measured:
    """Run the first model in float64, twice, and some jittered runs.

    Raises:
        UsageError: it does not repeat itself, its outputs are no numbers, or it fails.
    """
    before = {name: value(v).copy() for name, v in side.variables().items()}
    store = Store()
    try:
        return _measured(side, inputs, before, store, training, step)
    except BaseException:
        store.close()
        raise
    finally:
        _restore(side, before)


def _measured(
    side: Side, inputs: Arrays, before: Arrays, store: Store, training: bool, step: Callable[[str], None]
) -> Measured:
    record = Record(store)
    step("the truth")
    try:
        results = _copied(side.run(inputs, record, training=training))
        _restore(side, before)
        again = side.run(inputs, training=training)
    except UsageError:
        raise
    except Exception as error:
        place = f" in {record.calls[-1].name}" if record.calls else ""
        raise UsageError(f"the first model fails{place}: {_one_line(error)}") from error
    for name, y in results.items():
        if name not in again or not np.array_equal(y, again[name], equal_nan=True):
            raise UsageError(
                f"the first model's {name} is not the same in two runs: a reference must repeat itself "
                "(dropout left on, or noise without a seed?)"
            )
    _finite(store, record.calls, results)
    for i, y in enumerate(results.values()):
        store.put(("result", 0, i), y)
    samples = SAMPLES if sum(w.size for w in before.values()) < LARGE else FEW
    truths, rng = Truths(store), np.random.default_rng(SAMPLES)
    for forced in (False, True):
        for i in range(samples):
            step(f"the noise {'of each layer' if forced else ''} {i + 1}/{samples}")
            for name, variable in side.variables().items():
                assign(variable, jittered(rng, before[name].astype("float64")))
            spreads = truths.forced if forced else truths.free
            watcher = Jitter(store, rng, forced, spreads)
            moved = side.run({name: jittered(rng, x.astype("float64") if x.dtype.kind == "f" else x)
                              for name, x in inputs.items()}, watcher, training=training)  # fmt: skip
            for j, (y, truth) in enumerate(zip(moved.values(), results.values())):
                if truth.dtype.kind == "f":
                    spreads["result", 0, j].add((y - truth)[np.isfinite(truth)])
    return Measured(truths, record.calls, results, samples)


def _copied(arrays: Arrays) -> Arrays:
    return {name: np.array(a) for name, a in arrays.items()}


def _restore(side: Side, before: Arrays) -> None:
    variables = side.variables()
    for name, w in before.items():
        assign(variables[name], w)


def _finite(store: Store, calls: list[Call], results: Arrays) -> None:
    """A NaN is refused where it begins: there is no truth behind it."""
    for call in calls:
        for i in range(len(call.outputs)):
            if _nan(store.get(("out", call.index, i))):
                raise UsageError(f"{call.name} of the first model returns a NaN")
    for name, y in results.items():
        if _nan(y):
            raise UsageError(f"the first model's {name} has a NaN")


def _nan(x: Array) -> bool:
    return x.dtype.kind == "f" and bool(np.isnan(x).any())


def _one_line(error: BaseException) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0] if text else ''}"
