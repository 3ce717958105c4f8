"""One model in several modes of its framework: eager, compiled, as a graph."""

from collections.abc import Callable, Sequence
from typing import Any

from parity.judging.noise import LIMIT, noise_units
from parity.models.report import Fault, Report, Row
from parity.models.sides import Model, Side, inputs_of
from parity.models.state import one_line, untouched
from parity.models.truth import Measured, measured
from parity.task import Arrays, UsageError, choose

DEFAULT = {"torch": ("eager", "compile"), "tf": ("eager", "graph", "xla")}


def compare_modes(
    net: Any, x: Any, modes: Sequence[str] | None = None, *, progress: Callable[[str], None] = lambda text: None
) -> Report:
    """The outputs of one model in several modes, against its eager run in float64; there are no layers to see.

    Args:
        net: a torch or Keras model, or a function that builds one.
        x: its input: an array, a tuple or a dictionary.
        modes: `eager`, `compile` of torch; `eager`, `graph`, `xla` of Keras; all by default.

    Raises:
        UsageError: a mode that the framework has not; a model that does not repeat itself.
    """
    with untouched():
        model, inputs = Model(net, "first"), inputs_of(x)
        if model.framework not in DEFAULT:
            raise UsageError("modes are of a torch or a Keras model, not of a function")
        chosen = [choose("mode", mode, DEFAULT[model.framework]) for mode in modes or DEFAULT[model.framework]]
        narrow, wide = model.copies(inputs)
        truth = measured(wide, inputs, step=progress)
        try:
            report = Report(jittered=truth.samples)
            for mode in chosen:
                progress(mode)
                _compare(report, truth, narrow, wide, inputs, mode)
            return report
        finally:
            truth.close()


def _compare(report: Report, truth: Measured, narrow: Side, wide: Side, inputs: Arrays, mode: str) -> None:
    found = []
    for side in (wide, narrow):
        own, side.net = side.net, _wrapped(side, mode)
        try:
            found.append(side.run(inputs))
        except Exception as error:
            report.faults.append(Fault("error", "the model", mode, note=one_line(error)))
            return
        finally:
            side.net = own
    for i, name in enumerate(truth.results):
        right = truth.truths.of(("result", 0, i), forced=False)
        units = [noise_units(outputs[name], right.value, noise=right.noise, peak=right.peak) for outputs in found]
        report.outputs.append(Row(name, mode, propagated=units[0], propagated_float32=units[1]))
        if units[0] > LIMIT:
            report.faults.append(Fault("output", name, mode, units[0], note=f"in mode {mode}"))


def _wrapped(side: Side, mode: str) -> Any:
    """The model as the mode runs it, with what a run asks of a model."""
    if mode == "eager":
        return side.net
    if side.framework == "torch":
        import torch

        return torch.compile(side.net)
    return _Graph(side.net, xla=mode == "xla")


class _Graph:
    """A Keras model that is called inside a tf.function."""

    def __init__(self, net: Any, *, xla: bool) -> None:
        import tensorflow as tf

        self._net = net
        self._called = tf.function(lambda *args, **kwargs: net(*args, **kwargs), jit_compile=xla)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._called(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._net, name)
