"""Compare two models: the truth of the first, the layers, the causes, training, and the report of it all."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

from parity.judging.arrays import as_array
from parity.models.edges import explain
from parity.models.faults import faults_of
from parity.models.inputs import arranged, layouts
from parity.models.layers import Layers
from parity.models.losses import loss_faults
from parity.models.optimizers import step_faults
from parity.models.report import Fault, Report
from parity.models.sides import Model, Side, inputs_of
from parity.models.state import untouched
from parity.models.train import train_faults
from parity.models.truth import Measured, measured, one_line
from parity.models.views import SAME, View
from parity.task import Arrays, UsageError, choose


def compare_models(
    first: Any, second: Any, x: Any, *, names: Mapping[str, str] | None = None, layout: Any = None,
    weights: Literal["copy", "loaded"] = "copy", loss: tuple[Any, Any] | None = None, targets: Any = None,
    step: tuple[Any, Any] | None = None, train: bool = False, progress: Callable[[str], None] = lambda text: None,
) -> Report:  # fmt: skip
    """Compare two models layer by layer, in float32's noise units; 30 or less agrees."""
    choose("weights", weights, ("copy", "loaded"))
    if train and (loss is None) != (targets is None):
        raise UsageError("loss and targets belong together: a pair of losses, and the targets of x")
    with untouched():
        one, two = Model(first, "first"), Model(second, "second")
        inputs = inputs_of(x)
        side = one.wide(inputs)
        truth = measured(side, inputs, step=progress)
        try:
            given, found_layout, narrow, wide = _second(one, two, truth, inputs, layout)
            layers = Layers(truth, side, wide, narrow, given, found_layout, weights == "loaded")
            layers.compare(names, progress, explain)
            report = Report(layers.rows(), faults_of(layers), layers.output_rows(), layers.notes, truth.samples)
            if train:
                report.faults += _training(
                    layers, (one.framework, two.framework), inputs, loss, targets, step, progress
                )
            return report
        finally:
            truth.close()


def _training(
    layers: Layers, frameworks: tuple[str, str], inputs: Arrays, losses: Any, targets: Any, step: Any,
    progress: Callable[[str], None],
) -> list[Fault]:  # fmt: skip
    """The faults of training, from the layers to the optimizer's step."""
    faults: list[Fault] = []
    for side in (layers.first_side, layers.wide):
        side.without_dropout()
    truth = measured(layers.first_side, inputs, training=True, step=progress)
    try:
        progress("train mode")
        if not layers.error:
            faults += train_faults(layers, truth)
    finally:
        truth.close()
    if losses is not None:
        progress("the losses")
        output = next((o for o in layers.outputs if o.view is not None), None)
        if output is None:
            raise UsageError("no output is comparable, so there are no logits for the losses")
        logits = layers.first.results[output.first]
        faults += loss_faults(losses, frameworks, logits, as_array(targets, "targets"), output.view or SAME)
    if step is not None:
        progress("the optimizers")
        faults += step_faults(layers, step)
    return faults


def _second(
    one: Model, two: Model, truth: Measured, inputs: Arrays, layout: Any
) -> tuple[Arrays, dict[str, View], Side, Side]:
    """The second model's inputs, their layout, and its copies; of several layouts the first that it takes."""
    errors = []
    for candidate in layouts(one, two, truth.calls, inputs, layout):
        given = arranged(inputs, candidate)
        try:
            return given, candidate, *two.copies(given)
        except UsageError:
            raise
        except Exception as error:
            errors.append(error)
    raise UsageError(f"the second model fails: {one_line(errors[0])}") from errors[0]
