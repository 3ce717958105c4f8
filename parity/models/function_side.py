"""A function of arrays in the place of a model: it has outputs, and no layers that could be watched."""

from collections.abc import Callable
from typing import Any

from parity.judging.arrays import as_arrays
from parity.models.sides import framework_of
from parity.models.tree import as_arguments, named_leaves
from parity.models.watch import Watcher
from parity.task import Arrays, UsageError


class FunctionSide:
    """`f(x)`, `f(a, b)` or `f(name=array)` that returns an array or named ones."""

    framework = "numpy"

    def __init__(self, function: Callable[..., Any], dtype: str) -> None:
        self.net, self.dtype = function, dtype

    def variables(self) -> dict[str, Any]:
        return {}

    def without_dropout(self) -> None:
        pass

    def run(
        self, inputs: Arrays, watcher: Watcher | None = None, *, training: bool = False, gradients: bool = False
    ) -> Arrays:
        wanted = "float32" if self.dtype == "as it is" else self.dtype
        given = {name: x.astype(wanted) if x.dtype.kind == "f" else x for name, x in inputs.items()}
        positional = all(name.isdigit() for name in given)
        result = self.net(*as_arguments(self.net, given.values())) if positional else self.net(**given)
        if framework_of(result) != "numpy":
            raise UsageError(f"{self._name} builds a model and needs an argument for it: build it without arguments")
        found = {name or "output": part for name, part in named_leaves(result)}
        if not found:
            raise UsageError(f"{self._name} returns {type(result).__name__}: an array is due, or several")
        return as_arrays(found, "the outputs")

    @property
    def _name(self) -> str:
        return getattr(self.net, "__name__", type(self.net).__name__)

    def backward(self, cotangents: Arrays) -> Arrays:
        raise UsageError("a function of arrays has no gradients: give a model for train=True")
