"""Compare two models: the truth of the first, the layers, the causes, training, and the report of it all."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Literal

from parity.divergences import catalogue
from parity.judging.arrays import as_array
from parity.models.edges import explain
from parity.models.faults import faults_of, settings_of
from parity.models.inputs import arranged, layouts, split
from parity.models.layers import Layers
from parity.models.losses import loss_faults
from parity.models.memory import refuse_what_does_not_fit
from parity.models.optimizers import step_faults
from parity.models.report import Fault, Report
from parity.models.rows import output_rows_of, rows_of
from parity.models.sides import Model, Side, inputs_of
from parity.models.state import one_line, untouched
from parity.models.train import train_faults
from parity.models.truth import Measured, measured
from parity.models.views import SAME, View
from parity.models.watch import Trace
from parity.task import Arrays, UsageError, choose


def compare_models(
    first: Any, second: Any, x: Any, *, names: Mapping[str, str] | None = None, layout: Any = None,
    weights: Literal["copy", "loaded"] = "copy", loss: tuple[Any, Any] | None = None, targets: Any = None,
    step: tuple[Any, Any] | None = None, train: bool = False, allow: Collection[str] = (),
    progress: Callable[[str], None] = lambda text: None,
) -> Report:  # fmt: skip
    """Compare two models layer by layer: in float32's noise units, where 30 or less agrees.

    The first model in float64 is the truth.  Neither model is changed, nor anything global, also after an error: copies
    are made, in eval mode, and run.

    Args:
        first, second: torch or Keras models, functions that build them, or functions of arrays.  A Keras builder is
            called again in float64; a Keras model is built again from its configuration.
        x: the input in the first model's layout: an array, a tuple or a dictionary; integers and masks too.
        names: a layer of the first model -> its partner, where order, kind and shapes are not enough; an input of the
            first model -> the second's name for it.
        layout: how the second model takes the input: "same", "channels_last", "channels_first", "swap" (batch and
            time), or one for each input by name; found by the layer that takes it, by default.
        weights: "copy" carries the first model's weights over; "loaded" judges those that are there.
        loss: the losses of both models, each in its framework's own form; they are compared on the same logits.
        targets: an array, for the losses.
        step: two functions of the parameters that return an optimizer.
        train: compare train mode too: running statistics after one forward, gradients, losses and a step.
        allow: entries of the catalogue that are no fault here where they are proven, such as "BN-VAR"; they are listed.
        progress: called with what is being done.

    Returns:
        A `Report`: `agrees`, `first`, `faults`, `rows`, `to_pandas()`, `to_json()`; printed, it is a table.

    Raises:
        UsageError: a model that cannot be copied, does not repeat itself, has a NaN, or does not take the input; the
            message says what to do.
    """
    choose("weights", weights, ("copy", "loaded"))
    allowed = {choose("divergence", entry, catalogue()) for entry in ([allow] if isinstance(allow, str) else allow)}
    if not train and (loss, targets, step) != (None, None, None):
        raise UsageError("loss, targets and step are compared with train=True")
    if (loss is None) != (targets is None):
        raise UsageError("loss and targets belong together: a pair of losses, and the targets of x")
    with untouched():
        one, two = Model(first, "first"), Model(second, "second")
        inputs = inputs_of(x)
        for model in (one, two):
            refuse_what_does_not_fit(model.variables().values())
        side = one.wide(inputs)
        truth = measured(side, inputs, step=progress)
        try:
            renamed, partners = split(names, inputs, truth.calls)
            given, found_layout, narrow, wide = _second(one, two, truth, inputs, layout, renamed)
            layers = Layers(truth, side, wide, narrow, given, found_layout, renamed, weights == "loaded")
            layers.compare(partners, progress, explain)
            faults = faults_of(layers)
            if train:
                faults += _training(layers, (one.framework, two.framework), inputs, loss, targets, step, progress)
            notes = layers.notes + settings_of(layers, faults)
            declared = [fault for fault in faults if not fault.stated and fault.cause in allowed]
            faults = [fault for fault in faults if fault not in declared]
            return Report(rows_of(layers), faults, output_rows_of(layers), notes, truth.samples, declared)
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
    outputs = [output.first for output in layers.outputs]
    truth = measured(layers.first_side, inputs, training=True, outputs=outputs, step=progress)
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
    one: Model, two: Model, truth: Measured, inputs: Arrays, layout: Any, names: Mapping[str, str]
) -> tuple[Arrays, dict[str, View], Side, Side]:
    """The second model's inputs, their layout, and its copies; of several layouts the first that it takes.

    A model that raises in its middle is compared until then.
    """
    tried: list[tuple[int, Exception, Any]] = []
    for candidate in layouts(one, two, truth.calls, inputs, layout, names):
        given, trace, found = arranged(inputs, candidate, names), Trace(), None
        try:
            narrow, wide = two.copies(given)
            found = given, candidate, narrow, wide
            if not narrow.run(given, trace):
                raise UsageError("the second model returns no tensor, so there is nothing to compare")
            return found
        except UsageError:
            raise
        except Exception as error:
            tried.append((sum(bool(call.outputs) for call in trace.calls), error, found))
    done, _, found = max(tried, key=lambda attempt: attempt[0])
    if found is None or not done:
        raise UsageError(f"the second model fails: {one_line(tried[0][1])}") from tried[0][1]
    return found  # type: ignore[no-any-return]
