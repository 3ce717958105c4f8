"""A user's model, or the function that builds it, and the copies of it that are run."""

import inspect
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from parity.frameworks.runtime import runtime
from parity.judging.arrays import as_arrays
from parity.models.links import CHANNELED
from parity.models.state import keras_default
from parity.models.watch import Watcher
from parity.models.weights import assign, kind_of, value
from parity.task import Arrays, UsageError

if TYPE_CHECKING:
    from parity.models.keras_side import KerasSide


class Side(Protocol):
    """A copy of a model in one precision; it may be changed."""

    framework: str
    dtype: str
    net: Any

    def variables(self) -> dict[str, Any]: ...

    def without_dropout(self) -> None: ...

    def run(
        self, inputs: Arrays, watcher: Watcher | None = None, *, training: bool = False, gradients: bool = False
    ) -> Arrays: ...

    def backward(self, cotangents: Arrays) -> Arrays: ...


class Model:
    """A torch or Keras model, a function that builds one, or a function of named arrays.

    Raises:
        UsageError: it is none of them.
    """

    def __init__(self, given: Any, place: str, *, unbuilt: bool = False) -> None:
        self.place = place
        self.builder: Callable[[], Any] | None = None
        found = given
        if framework_of(given) == "numpy" and callable(given) and not _required(given):
            self.builder, found = given, given()
        self.given, self.framework = found, framework_of(found)
        if self.framework == "numpy" and not callable(found):
            what = type(found).__name__
            said = f"what {getattr(given, '__name__', 'it')} returns" if self.builder is not None else "it"
            raise UsageError(
                f"the {place} model is none, {said} is {what}: a model is due, or a function that builds it"
            )
        runtime(self.framework)
        if self.framework == "tf" and self.builder is None and not found.built and not unbuilt:
            raise UsageError(f"the Keras model {found.name} was never built: call it once, or give its builder")

    def wide(self, inputs: Arrays) -> Side:
        """The model in float64."""
        return self.copies(inputs)[1]

    def itself(self) -> Side:
        """The model in its own precision: a copy of torch's, and Keras's own, which is to be put back."""
        if self.framework == "torch":
            from parity.models.torch_side import TorchSide

            return TorchSide(self.given, "as it is")
        if self.framework == "tf":
            from parity.models.keras_side import KerasSide

            return KerasSide(self.given, "as it is")
        raise UsageError(f"the {self.place} model is a function: it has no weights")

    def variables(self) -> dict[str, Any]:
        """The user's own parameters and floating buffers, by the names and in the order of every copy's."""
        if self.framework == "torch":
            from parity.models.torch_side import variables

            return variables(self.given)
        if self.framework == "numpy":
            return {}
        return {v.path: v for v in self.given.weights if "float" in str(v.dtype)}

    def takes_channels(self) -> bool:
        """Whether a torch model begins with a layer that takes channels first."""
        kinds = [kind_of(module) for module in self.given.modules()]
        return next((kind for kind in kinds if kind), "") in CHANNELED

    def copies(self, inputs: Arrays) -> tuple[Side, Side]:
        """The model as it is, and in float64, with the same weights."""
        if self.framework == "torch":
            from parity.models.torch_side import TorchSide

            narrow: Side = TorchSide(self.given, "as it is")
            wide: Side = TorchSide(self.given, "float64")
        elif self.framework == "tf":
            narrow, wide = self._keras(inputs)
        else:
            from parity.models.function_side import FunctionSide

            narrow, wide = FunctionSide(self.given, "as it is"), FunctionSide(self.given, "float64")
        _no_nan(wide, self.place)
        return narrow, wide

    def _keras(self, inputs: Arrays) -> "tuple[KerasSide, KerasSide]":
        from parity.models.keras_copy import BUILDER, rebuilt
        from parity.models.keras_side import KerasSide

        if self.builder is not None:
            narrow = KerasSide(self.given, "as it is")
            _build_until_it_fails(narrow, inputs)
            with keras_default("float64"):
                wide = KerasSide(self.builder(), "float64")
                _build_until_it_fails(wide, inputs)
                if not _is_wide(wide):  # the function chooses a precision of its own
                    wide = KerasSide(rebuilt(self.given, "float64"), "float64", self.given)
                    _build(wide, inputs)
        else:
            narrow = KerasSide(rebuilt(self.given, "as it is"), "as it is", self.given)
            _build(narrow, inputs)
            copy_variables(self.given.weights, narrow.net.weights, self.given.name)
            with keras_default("float64"):
                wide = KerasSide(rebuilt(self.given, "float64"), "float64", self.given)
                _build(wide, inputs)
        copy_variables(narrow.net.weights, wide.net.weights, wide.net.name)
        if not _is_wide(wide):
            raise UsageError(f"some weights are not float64 when {wide.net.name} is built in float64: {BUILDER}")
        return narrow, wide


def _is_wide(side: "KerasSide") -> bool:
    return all(v.dtype == "float64" for v in side.variables().values())


def _build(side: "KerasSide", inputs: Arrays) -> None:
    """A subclassed Keras model has its weights after its first call."""
    if not side.net.built:
        side.run(inputs)


def _build_until_it_fails(side: "KerasSide", inputs: Arrays) -> None:
    """The layers before an error have their weights; the error is told by the run that compares them."""
    try:
        _build(side, inputs)
    except Exception as error:
        if isinstance(error, UsageError):
            raise


def copy_variables(source: Sequence[Any], target: Sequence[Any], name: str) -> None:
    """The same weights in a copy; the order is the model's own."""
    shapes = [[tuple(v.shape) for v in variables] for variables in (source, target)]
    if shapes[0] != shapes[1]:
        raise UsageError(f"{name}, built a second time, has other weights: give a function that builds it")
    for a, b in zip(source, target):
        if "float" in str(a.dtype):
            assign(b, value(a))


def framework_of(model: Any) -> str:
    """`torch` or `tf` by the classes that a model derives from; `numpy` for anything else."""
    roots = {c.__module__.partition(".")[0] for c in type(model).__mro__}
    if "torch" in roots and hasattr(model, "named_modules"):
        return "torch"
    return "tf" if "keras" in roots and hasattr(model, "get_config") and hasattr(model, "weights") else "numpy"


def inputs_of(x: Any) -> Arrays:
    """The inputs by name: `0`, `1` of a tuple, and of a dictionary its own.

    Raises:
        UsageError: they are no arrays of real numbers, or hold a NaN.
    """
    if isinstance(x, dict):
        named = x
    else:
        named = {str(i): part for i, part in enumerate(x if isinstance(x, tuple | list) else (x,))}
    arrays = as_arrays(named, "x")
    for name, array in arrays.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise UsageError(f"x[{name!r}] has a NaN or an infinity")
        if array.ndim == 0:
            raise UsageError(f"x[{name!r}] is a number: an array with a batch axis is due")
    return {name: array.astype("float32") if array.dtype.kind == "f" else array for name, array in arrays.items()}


def _required(function: Callable[..., Any]) -> int:
    """How many arguments a function cannot be called without."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return 1
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return sum(p.default is p.empty and p.kind not in kinds for p in parameters)


def _no_nan(side: Side, place: str) -> None:
    for name, variable in side.variables().items():
        if not np.isfinite(value(variable)).all():
            raise UsageError(f"{name} of the {place} model has a NaN or an infinity")
