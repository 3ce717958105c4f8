"""Compare two models: the truth of the first, the layers, the causes, training, and the report of it all."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from parity.models.inputs import arranged, layouts
from parity.models.edges import explain
from parity.models.faults import faults_of
from parity.models.layers import Layers
from parity.models.report import Report, Row
from parity.models.sides import Model, Side, inputs_of
from parity.models.state import untouched
from parity.models.truth import Measured, measured
from parity.task import Arrays, UsageError, choose


def compare_models(
    first: Any, second: Any, x: Any, *, names: Mapping[str, str] | None = None, layout: Any = None,
    weights: Literal["copy", "loaded"] = "copy", loss: tuple[Any, Any] | None = None, targets: Any = None,
    step: tuple[Any, Any] | None = None, train: bool = False, progress: Callable[[str], None] = lambda text: None,
) -> Report:  # fmt: skip
    """Compare two models layer by layer, in float32's noise units; 30 or less agrees."""
    choose("weights", weights, ("copy", "loaded"))
    with untouched():
        one, two = Model(first, "first"), Model(second, "second")
        inputs = inputs_of(x)
        wide_one = one.copies(inputs)[1]
        truth = measured(wide_one, inputs, step=progress)
        try:
            given, narrow, wide = _second(one, two, truth, inputs, layout)
            layers = Layers(truth, wide, narrow, given, weights == "loaded")
            layers.compare(names, progress, explain)
            return _report(layers)
        finally:
            truth.close()


def _second(one: Model, two: Model, truth: Measured, inputs: Arrays, layout: Any) -> tuple[Arrays, Side, Side]:
    """The second model's inputs and copies; where the layout is not known, the first that it takes."""
    errors = []
    for candidate in layouts(one, two, truth.calls, inputs, layout):
        given = arranged(inputs, candidate)
        try:
            narrow, wide = two.copies(given)
            return given, narrow, wide
        except UsageError:
            raise
        except Exception as error:
            errors.append(error)
    first_line = (str(errors[0]).strip().splitlines() or [""])[0]
    raise UsageError(f"the second model fails: {type(errors[0]).__name__}: {first_line}") from errors[0]


def _report(layers: Layers) -> Report:
    outputs = [
        Row(f"output {o.first}" if o.first != "output" else "output", "", None, None, o.propagated, o.propagated_float32, o.edge)
        for o in layers.outputs
    ]
    return Report(
        rows=layers.rows(), faults=faults_of(layers), outputs=outputs, notes=layers.notes, jittered=layers.first.samples
    )
