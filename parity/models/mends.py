"""Changes of a copy of a layer that may make it agree, each with the entries of which it is the cure."""

import contextlib
import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from parity.judging.arrays import as_array
from parity.models.watch import Call
from parity.task import Array

Change = Callable[[list[Array]], list[Array]]

# Sizes by their names in either framework.  No entry of the catalogue is about them: a port that has another is a slip.
SIZES = {
    "groups": ("num_groups", "groups"),
    "stride": ("stride", "strides"),
    "dilation": ("dilation", "dilation_rate"),
    "window": ("kernel_size", "pool_size"),
}


@dataclass
class Mend:
    """One change of a copy of the second model's layer that may make it agree."""

    what: str  # what it changes: "eps"
    entries: tuple[
        str, ...
    ] = ()  # which entries of the catalogue it is the cure of; without, what it changes is enough
    patch: Callable[[], contextlib.AbstractContextManager[None]] = contextlib.nullcontext
    inputs: Change | None = None
    options: tuple[tuple[str, Any], ...] = ()
    proven: bool = False  # the mend itself says which entry it is, without `recognise`
    part: str = "output"  # of the fault: a right layer may be called wrong
    note: str = ""


def mends_of(first: Call, second: Call) -> Iterator[Mend]:
    """What may be wrong with the second of two partners, by their settings."""
    a, b = first.layer, second.layer
    eps = _value(a, "eps", "epsilon"), _value(b, "eps", "epsilon")
    if None not in eps and eps[0] != eps[1]:
        name = "eps" if hasattr(b, "eps") else "epsilon"
        yield Mend(
            "eps", ("BN-EPS", "LN-EPS", "GN-EPS", "RMS-EPS"), setting(b, name, eps[0]), note=_two("epsilon", eps)
        )
    slopes = _value(a, "negative_slope"), _value(b, "negative_slope")
    if None not in slopes and slopes[0] != slopes[1]:
        yield Mend("slope", ("ACT-LEAKY",), setting(b, "negative_slope", slopes[0]), note=_two("slope", slopes))
    yield from _sizes(a, b)
    if hasattr(a, "approximate") and hasattr(b, "activation"):
        tanh = a.approximate == "tanh"
        if computes(b.activation, gelu(not tanh)):
            entry = "ACT-GELU-TANH" if tanh else "ACT-GELU-DEF"
            yield Mend("gelu", (entry,), setting(b, "activation", gelu(tanh)), proven=True)
    if hasattr(a, "padding") and hasattr(b, "padding") and hasattr(b, "get_config"):
        yield from _padding(first, second)
    if second.kind in ("lstm", "gru", "rnn"):
        yield from _recurrent(first, second)
    if second.kind == "batch_norm" and hasattr(b, "get_config") and not b.trainable:
        note = "it is frozen, so it takes the running statistics in training too"
        yield Mend("frozen", ("BN-FREEZE",), setting(b, "trainable", True), proven=True, note=note)
    if type(a).__name__ == "PixelShuffle":
        yield Mend("shuffle", ("PIXSHUF",), inputs=lambda inputs: [_shuffled(inputs[0], a.upscale_factor)], proven=True)
    if second.kind == "attention" and second.masked:
        masks = [i for i, name in enumerate(second.names) if "mask" in name]
        yield Mend(
            "mask", ("MHA-MASK-SOME",), inputs=lambda inputs: [~x if i in masks else x for i, x in enumerate(inputs)],
            proven=True, part="call", note="its mask says the opposite",
        )  # fmt: skip


def _sizes(a: Any, b: Any) -> Iterator[Mend]:
    for what, names in SIZES.items():
        own = next((name for name in names if hasattr(b, name)), "")
        found = [_value(layer, *names) for layer in (a, b)]
        if not all(isinstance(size, int | tuple) for size in found):
            continue
        sizes = _on_every_axis(*found), _on_every_axis(*found[::-1])
        if sizes[0] != sizes[1]:
            note = f"{what} {sizes[0]} in the first, {sizes[1]} in the second"
            yield Mend(what, patch=setting(b, own, sizes[0]), note=note)


def _on_every_axis(size: Any, like: Any) -> Any:
    """One size for all axes as a tuple, where the other layer has one for each."""
    return (size,) * len(like) if isinstance(size, int) and isinstance(like, tuple) else size


def _shuffled(x: Array, r: int) -> Array:
    """Channels (c, r, r), as torch reads them, in the order (r, r, c) of depth_to_space; channels last."""
    apart = x.reshape(*x.shape[:-1], -1, r, r)
    return np.moveaxis(apart, -3, -1).reshape(x.shape)


def _padding(first: Call, second: Call) -> Iterator[Mend]:
    """Torch's padding, put on the input of a Keras layer that then pads nothing."""
    a, b = first.layer, second.layer
    if second.kind not in ("convolution", "max_pool", "average_pool") or isinstance(a.padding, str):
        return
    space = len(second.shapes[0]) - 2
    amounts = a.padding if isinstance(a.padding, tuple) else (a.padding,) * space
    last = getattr(b, "data_format", "channels_last") == "channels_last"
    pairs = [(n, n) for n in amounts]
    width = [(0, 0), *pairs, (0, 0)] if last else [(0, 0), (0, 0), *pairs]
    mode = getattr(a, "padding_mode", "zeros")
    options: dict[str, Any] = {"mode": {"zeros": "constant", "replicate": "edge", "circular": "wrap"}.get(mode, mode)}
    if mode == "zeros":
        options["constant_values"] = -np.inf if second.kind == "max_pool" else 0.0
    entries = ("CONV-PADMODE",) if mode != "zeros" else ("CONV-SAME-S2", "POOL-SAME", "POOL-AVGPAD")
    yield Mend(
        "padding",
        entries,
        setting(b, "padding", "valid"),
        lambda inputs: [np.pad(inputs[0], width, **options), *inputs[1:]],
    )


def _recurrent(first: Call, second: Call) -> Iterator[Mend]:
    b = second.layer
    cells = [
        layer.cell
        for layer in (getattr(b, "forward_layer", b), getattr(b, "backward_layer", b))
        if hasattr(layer, "cell")
    ]
    if any(getattr(getattr(cell, "recurrent_activation", None), "__name__", "sigmoid") != "sigmoid" for cell in cells):
        import keras

        gates = _settings(cells, "recurrent_activation", keras.activations.sigmoid)
        yield Mend("gates", ("LSTM-HARD",), gates, proven=True)
    if second.masked and not first.masked:
        yield Mend(
            "mask",
            ("MASK-ZERO",),
            options=(("masked", False),),
            proven=True,
            part="call",
            note="it skips what its mask hides",
        )


def computes(function: Any, known: Callable[[Any], Any]) -> bool:
    """Whether a function, whatever its name, is the known one: to the bit, at points of both signs."""
    x = np.linspace(-4, 4, 65)
    try:
        return np.array_equal(as_array(function(x)), as_array(known(x)))
    except Exception:  # a function of something else
        return False


def gelu(approximate: bool) -> Callable[[Any], Any]:
    import keras

    return functools.partial(keras.activations.gelu, approximate=approximate)


def _value(layer: Any, *names: str) -> Any:
    return next((getattr(layer, name) for name in names if getattr(layer, name, None) is not None), None)


def _two(what: str, values: tuple[Any, Any]) -> str:
    return f"{what} {values[0]:g} in the first, {values[1]:g} in the second"


def setting(layer: Any, name: str, new: Any) -> Callable[[], contextlib.AbstractContextManager[None]]:
    return _settings([layer], name, new)


def _settings(layers: list[Any], name: str, new: Any) -> Callable[[], contextlib.AbstractContextManager[None]]:
    """These layers with another setting, which is put back."""

    @contextlib.contextmanager
    def patch() -> Iterator[None]:
        before = [getattr(layer, name) for layer in layers]
        for layer in layers:
            setattr(layer, name, new)
        try:
            yield
        finally:
            for layer, old in zip(layers, before):
                setattr(layer, name, old)

    return patch
