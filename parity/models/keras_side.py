"""A copy of a Keras model in one precision, run under watch."""

import contextlib
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from parity.models.keras_order import Written
from parity.models.tree import as_arguments, leaves, mapped, named_leaves, with_leaves
from parity.models.watch import Again, Call, Numbering, Watcher, argument_names
from parity.models.weights import kind_of
from parity.task import Array, Arrays, UsageError

INNER = ("lstm", "gru", "rnn", "bidirectional")  # kinds whose own cells are nobody's partner
SPLIT = ("linear", "convolution", "transposed_convolution", "separable_convolution")  # their activation is a call
MASK = "_keras_mask"


class KerasSide:
    """A model that is ours: built again, and free to be changed; `given` is the user's, which it is a copy of."""

    framework = "tf"

    def __init__(self, net: Any, dtype: str, given: Any = None) -> None:
        self.net, self.dtype = net, dtype
        self._given_net = net if given is None else given
        self._numbering = Numbering()
        self._names: dict[int, str] = {}

    def variables(self) -> dict[str, Any]:
        """Every floating weight by name."""
        return {v.path: v for v in self.net.weights if "float" in str(v.dtype)}

    def without_dropout(self) -> None:
        """No layer drops anything in train mode."""
        for layer in self.net._flatten_layers():
            # Not an attention's own rate, by which it chooses how to compute: its inner layer has the rate too.
            for name in ("rate", "dropout", "recurrent_dropout"):
                if isinstance(getattr(layer, name, None), float):
                    with contextlib.suppress(AttributeError):  # some layers show their inner layer's rate
                        setattr(layer, name, 0.0)

    def run(
        self, inputs: Arrays, watcher: Watcher | None = None, *, training: bool = False, gradients: bool = False
    ) -> Arrays:
        """The model's outputs by name; positional where the names of the inputs are numbers."""
        self._gradients, self._numbering = gradients, Numbering()
        self._given = {name: self._tensor(x) for name, x in inputs.items()}
        self._tape: Any = tf.GradientTape() if gradients else None
        with self._tape or contextlib.nullcontext(), self._watched(watcher):
            for tensor in self._given.values():
                if self._tape is not None and tensor.dtype.is_floating:
                    self._tape.watch(tensor)
            result = self._call(training)
        self._results = {name or "output": t for name, t in named_leaves(result)}
        return {name: _array(t) for name, t in self._results.items()}

    def backward(self, cotangents: Arrays) -> Arrays:
        """The gradients of weights and of `input NAME`, after a run with gradients; what has none is left out."""
        outputs = {n: t for n, t in self._results.items() if n in cotangents}
        weights = {v.path: v.value for v in self.net.trainable_weights}
        given = {f"input {name}": t for name, t in self._given.items() if t.dtype.is_floating}
        wanted = {**weights, **given}
        found = self._tape.gradient(
            list(outputs.values()), list(wanted.values()),
            output_gradients=[tf.constant(cotangents[n], t.dtype) for n, t in outputs.items()],
        )  # fmt: skip
        self._tape = None
        return {name: _array(tf.convert_to_tensor(g)) for name, g in zip(wanted, found) if g is not None}

    def _call(self, training: bool) -> Any:
        """Call the model as its user does: with one tensor, several, or named ones."""
        given = list(self._given.values())
        names = list(self._given)
        if all(name.isdigit() for name in names):
            if len(given) == 1:
                return self.net(given[0], training=training)
            if self._functional():
                return self.net(given, training=training)
            return self.net(*as_arguments(self.net.call, given), training=training)
        if self._functional():
            wanted = [t.name for t in self.net.inputs]
            if isinstance(self.net._inputs_struct, dict):
                if not set(wanted) <= set(names):
                    raise UsageError(
                        f"{self.net.name} has the inputs {', '.join(wanted)}, and is given {', '.join(names)}: "
                        f"say which is which, by names={{{names[0]!r}: {wanted[0]!r}}}"
                    )
                return self.net(dict(self._given), training=training)
            in_order = [self._given[name] for name in wanted] if set(wanted) <= set(names) else given
            return self.net(in_order, training=training)
        takes = inspect.signature(self.net.call).parameters
        if set(names) <= set(takes):
            return self.net(**self._given, training=training)
        return self.net(dict(self._given), training=training)

    def _functional(self) -> bool:
        return getattr(self.net, "_inputs_struct", None) is not None

    def _name(self, layer: Any) -> str:
        """The way to a layer without the model's own name."""
        if id(layer) not in self._names:  # subclassed models have made their layers by now
            self._names = _named(self.net)
        return self._names.get(id(layer)) or str(layer.name)

    def _tensor(self, x: Array) -> Any:
        if x.dtype.kind != "f":
            return tf.constant(x)
        return tf.constant(x, "float32" if self.dtype == "as it is" else self.dtype)

    def _replaced(self, old: Any, new: Array) -> Any:
        """The new value, with the old one's mask; a gradient passes as if nothing had happened."""
        value = tf.constant(new, old.dtype)
        if self._gradients and old.dtype.is_floating:
            value = old + tf.stop_gradient(value - old)
        if hasattr(old, MASK):
            setattr(value, MASK, getattr(old, MASK))
        return value

    @contextlib.contextmanager
    def _watched(self, watcher: Watcher | None) -> Iterator[None]:
        """`Layer.__call__` tells the watcher; it is put back afterwards."""
        if watcher is None:
            yield
            return
        plain = keras.layers.Layer.__call__
        self._written = Written(self.net, self._given_net)

        def placed(layer: Any, *args: Any, **kwargs: Any) -> Any:
            with self._written.within(layer):
                return called(layer, *args, **kwargs)

        def called(layer: Any, *args: Any, **kwargs: Any) -> Any:
            kind = kind_of(layer)
            open_ = self._numbering.open
            if (open_ and open_[-1].kind in INNER) or not (kind or _is_leaf(layer)):
                return plain(layer, *args, **kwargs)
            symbolic = not tf.executing_eagerly() or any(not hasattr(t, "numpy") for t in leaves((args, kwargs)))
            if symbolic:  # inside a function's graph, or as Keras builds a model that it has not seen before
                return plain(layer, *args, **kwargs)
            with _activation_apart(layer, kind) as activation:
                result = self._event(watcher, kind, layer, plain, args, kwargs)
            if activation is None:
                return result
            if isinstance(activation, keras.layers.Layer):
                return activation(result)
            mask = getattr(result, MASK, None)
            argument = keras.layers.Activation(activation, name=f"{layer.name}.activation")
            result = self._event(watcher, "activation", argument, _activate, (result,), {}, of=layer)
            if mask is not None:
                setattr(result, MASK, mask)
            return result

        keras.layers.Layer.__call__ = placed
        try:
            yield
        finally:
            keras.layers.Layer.__call__ = plain

    def _event(
        self, watcher: Watcher, kind: str, layer: Any, function: Callable[..., Any], args: Any, kwargs: Any,
        of: Any = None,
    ) -> Any:  # fmt: skip
        """One call under watch."""
        name = f"{self._name(of)}.activation" if of is not None else self._name(layer)
        tensors = leaves((args, kwargs))
        call = self._numbering.start(name, kind, layer, tensors)
        call.order = self._written.place
        arguments = _arguments(layer, args, kwargs)
        call.names = argument_names(arguments)
        masks = any("mask" in name for name in call.names) or bool(arguments.get("use_causal_mask"))
        call.masked = masks or any(getattr(t, MASK, None) is not None for t in tensors)
        given = watcher.enter(call, [_array(t) for t in tensors])
        if given is not None:
            tensors = [self._replaced(tf.convert_to_tensor(t), new) for t, new in zip(tensors, given)]
            args, kwargs = with_leaves((args, kwargs), tensors)
        result = self._computed(function, layer, args, kwargs)
        found = leaves(result)
        call.outputs = tuple(tuple(t.shape) for t in found)
        new = watcher.leave(call, [_array(t) for t in found], self._again(function, layer, args, kwargs))
        if new is not None:
            found = [self._replaced(t, n) for t, n in zip(found, new)]
            result = with_leaves(result, found)
        self._numbering.end(call, found)
        return result

    def _computed(self, function: Callable[..., Any], layer: Any, args: Any, kwargs: Any) -> Any:
        """The layer's result; a layer without weights whose kernel TensorFlow has in float32 alone computes in it."""
        try:
            return function(layer, *args, **kwargs)
        except tf.errors.NotFoundError:
            if self.dtype != "float64" or layer.weights:
                raise
        layer.dtype_policy = "float32"
        return mapped(lambda t: tf.cast(t, "float64"), function(layer, *args, **kwargs))

    def _again(self, function: Any, layer: Any, args: Any, kwargs: Any) -> Again:
        def again(change: Any = None, *, masked: bool = True) -> list[Array]:
            tensors = [tf.convert_to_tensor(t) for t in leaves((args, kwargs))]
            old = tensors
            if change is not None:
                tensors = [tf.constant(x, t.dtype) for t, x in zip(tensors, change([_array(t) for t in tensors]))]
            else:
                tensors = [tf.identity(t) for t in tensors]
            for tensor, before in zip(tensors, old):
                if masked and hasattr(before, MASK):
                    setattr(tensor, MASK, getattr(before, MASK))
            new_args, new_kwargs = with_leaves((args, kwargs), tensors)
            if not masked:
                new_kwargs = {name: part for name, part in new_kwargs.items() if name != "mask"}
            self._numbering.open.append(Call(-1, "", INNER[0], layer))  # its own layers are not calls of the run
            try:
                return [_array(t) for t in leaves(function(layer, *new_args, **new_kwargs))]
            finally:
                self._numbering.open.pop()

        return again


def _named(layer: Any, before: str = "") -> dict[int, str]:
    """The layers inside by the way to each: `encoder/attention/query`; what is met twice has its first name."""
    found: dict[int, str] = {}
    for inner in layer._layers:
        found = {**_named(inner, f"{before}{inner.name}/"), id(inner): f"{before}{inner.name}", **found}
    return found


def _is_leaf(layer: Any) -> bool:
    return not layer._layers and not isinstance(layer, keras.layers.InputLayer | keras.Model)


def _activate(layer: Any, x: Any) -> Any:
    return layer.activation(x)


@contextlib.contextmanager
def _activation_apart(layer: Any, kind: str) -> Iterator[Any]:
    """The layer without its activation, which is yielded to be called afterwards; None where it has none.

    What is an argument here is a layer or a function in torch.
    """
    activation = getattr(layer, "activation", None) if kind in SPLIT else None
    if activation is None or activation is keras.activations.linear:
        yield None
        return
    layer.activation = keras.activations.linear
    try:
        yield activation
    finally:
        layer.activation = activation


def _arguments(layer: Any, args: Any, kwargs: Any) -> dict[str, Any]:
    """The arguments of a call by name, in the order of `args` and `kwargs`."""
    takes = list(inspect.signature(layer.call).parameters)
    return {**dict(zip(takes, args)), **kwargs}


def _array(tensor: Any) -> Array:
    if isinstance(tensor, np.ndarray):
        return tensor
    found: Array = tensor.numpy()
    return found.astype("float32") if found.dtype.kind not in "fiub" else found
