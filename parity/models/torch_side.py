"""A copy of a torch model in one precision, run under watch."""

import contextlib
import copy
import inspect
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from parity.models.tree import as_arguments, leaves, named_leaves, with_leaves
from parity.models.watch import Again, Numbering, Watcher, argument_names
from parity.models.weights import kind_of, rule_of
from parity.task import Array, Arrays, UsageError

RATES = ("p", "dropout")  # where torch's layers keep the rate of their dropout


class TorchSide:
    """The copy; the user's model is never run.

    Raises:
        UsageError: the model cannot be copied.
    """

    framework = "torch"

    def __init__(self, net: Any, dtype: str) -> None:
        self.dtype = dtype
        try:
            self.net = copy.deepcopy(net).to("cpu", getattr(torch, dtype) if dtype != "as it is" else None).eval()
        except Exception as error:
            raise UsageError(
                f"the torch model cannot be copied ({error}): give a function that builds it instead"
            ) from error
        for module in self.net.modules():
            if getattr(module, "inplace", False):  # what a layer got is looked at again after it ran
                module.inplace = False
            if isinstance(module, torch.nn.RMSNorm) and module.eps is None:  # the dtype's own, of the user's dtype
                module.eps = torch.finfo(_dtype(net)).eps
        self._numbering = Numbering()

    def variables(self) -> dict[str, Any]:
        """Every parameter and floating buffer by name."""
        return variables(self.net)

    def without_dropout(self) -> None:
        """No layer drops anything in train mode."""
        for module in self.net.modules():
            for name in RATES:
                if isinstance(getattr(module, name, None), float):
                    setattr(module, name, 0.0)

    def run(
        self, inputs: Arrays, watcher: Watcher | None = None, *, training: bool = False, gradients: bool = False
    ) -> Arrays:
        """The model's outputs by name; positional where the names of the inputs are numbers."""
        self._gradients, self._numbering = gradients, Numbering()
        self._given = {name: self._tensor(x, wanted=gradients) for name, x in inputs.items()}
        positional = all(name.isdigit() for name in inputs)
        args, kwargs = [], self._given
        if positional:
            args, kwargs = as_arguments(self.net.forward, self._given.values()), {}
        self.net.train(training)
        with self._watched(watcher), torch.set_grad_enabled(gradients), _slow_attention():
            result = self.net(*args, **kwargs)
        self.net.eval()
        self._results = {name or "output": t for name, t in named_leaves(result)}
        return {name: _array(t) for name, t in self._results.items()}

    def backward(self, cotangents: Arrays) -> Arrays:
        """The gradients of parameters and of `input NAME`, after a run with gradients; what has none is left out."""
        given = {f"input {name}": t for name, t in self._given.items() if t.requires_grad}
        wanted = {**{n: p for n, p in self.net.named_parameters() if p.requires_grad}, **given}
        outputs = {n: t for n, t in self._results.items() if n in cotangents and t.requires_grad}
        if not outputs:
            return {}
        found = torch.autograd.grad(
            list(outputs.values()), list(wanted.values()),
            [torch.as_tensor(cotangents[n], dtype=t.dtype) for n, t in outputs.items()], allow_unused=True,
        )  # fmt: skip
        return {name: _array(g) for name, g in zip(wanted, found) if g is not None}

    def _tensor(self, x: Array, *, wanted: bool = False) -> torch.Tensor:
        if x.dtype.kind != "f":
            return torch.as_tensor(x.astype("int64") if x.dtype.kind in "iu" else x)
        dtype = torch.float32 if self.dtype == "as it is" else getattr(torch, self.dtype)
        tensor = torch.as_tensor(np.ascontiguousarray(x), dtype=dtype)
        return tensor.clone().requires_grad_() if wanted else tensor.clone()

    def _replaced(self, old: Any, new: Array) -> Any:
        """The new value; a gradient passes as if nothing had happened."""
        value = torch.tensor(new, dtype=old.dtype)  # its own memory: what comes next may write into it
        return old + (value - old).detach() if self._gradients and old.requires_grad else value

    @contextlib.contextmanager
    def _watched(self, watcher: Watcher | None) -> Iterator[None]:
        """Hooks on every layer that is compared; they are taken off afterwards."""
        if watcher is None:
            yield
            return
        whole: list[Any] = []  # the layer that is compared as one, while it runs
        handles = []

        def before(module: Any, args: Any, kwargs: Any) -> Any:
            if whole:
                return None
            rule = rule_of(module)
            if rule is not None and rule.whole:
                whole.append(module)
            bound = _bound(module, args, kwargs)
            tensors = leaves(bound.arguments)
            call = self._numbering.start(names[module], kind_of(module), module, tensors)
            call.names = argument_names(bound.arguments)
            call.masked = any("mask" in name for name in call.names)
            given = watcher.enter(call, [_array(t) for t in tensors])
            if given is not None:
                tensors = [self._replaced(t, new) for t, new in zip(tensors, given)]
                bound = _with(bound, tensors)
            calls.append(bound)
            return bound.args, bound.kwargs

        def after(module: Any, args: Any, kwargs: Any, result: Any) -> Any:
            if whole and whole[-1] is not module:
                return None
            whole.clear()
            call = self._numbering.open[-1]
            found = leaves(result)
            call.outputs = tuple(tuple(t.shape) for t in found)
            new = watcher.leave(call, [_array(t) for t in found], self._again(module, calls.pop()))
            if new is not None:
                found = [self._replaced(t, n) for t, n in zip(found, new)]
                result = with_leaves(result, found)
            self._numbering.end(call, found)
            return result

        names = {module: name or "the model" for name, module in self.net.named_modules()}
        calls: list[inspect.BoundArguments] = []
        try:
            for module in names:
                if kind_of(module) or not list(module.children()):
                    handles.append(module.register_forward_pre_hook(before, with_kwargs=True))
                    handles.append(module.register_forward_hook(after, with_kwargs=True))
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _again(self, module: Any, bound: inspect.BoundArguments) -> Again:
        def again(change: Any = None) -> list[Array]:
            tensors = leaves(bound.arguments)
            if change is not None:
                tensors = [torch.as_tensor(np.ascontiguousarray(x)) for x in change([_array(t) for t in tensors])]
            with torch.no_grad():
                new = _with(bound, tensors)
                return [_array(t) for t in leaves(module.forward(*new.args, **new.kwargs))]

        return again


def variables(net: Any) -> dict[str, Any]:
    """Every parameter and floating buffer by name."""
    buffers = {name: b for name, b in net.named_buffers() if b.is_floating_point()}
    return {**dict(net.named_parameters()), **buffers}


def _dtype(net: Any) -> torch.dtype:
    """The precision of a model's weights."""
    return next((p.dtype for p in net.parameters() if p.is_floating_point()), torch.get_default_dtype())


def _bound(module: Any, args: Any, kwargs: Any) -> inspect.BoundArguments:
    """The arguments of a call by name."""
    return inspect.signature(module.forward).bind(*args, **kwargs)


def _with(bound: inspect.BoundArguments, tensors: list[Any]) -> inspect.BoundArguments:
    """The same call of other tensors."""
    return inspect.BoundArguments(bound.signature, with_leaves(dict(bound.arguments), tensors))


@contextlib.contextmanager
def _slow_attention() -> Iterator[None]:
    """Attention layer by layer: the fast path of torch's encoder hides what is inside."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)


def _array(tensor: Any) -> Array:
    if tensor.dtype == torch.bfloat16:
        tensor = tensor.float()
    found: Array = tensor.detach().cpu().numpy()
    return found
