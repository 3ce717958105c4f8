"""Mistakes to plant: what proves that the judge's limit means something."""

from collections.abc import Callable

import numpy as np

from parity.task import Array, Arrays, Fault

TF32_BITS = 10  # explicit mantissa bits of the TensorFloat-32 format


def rounded_to_tf32() -> Fault:
    """Every floating input rounded to TF32's 10 mantissa bits, as a GPU's tensor cores do unless told otherwise."""
    return Fault(inputs=lambda arrays: {name: _tf32(a) for name, a in arrays.items()})


def given(name: str, change: Callable[[Array], Array]) -> Fault:
    """The input or parameter `name` changed."""
    return Fault(inputs=lambda arrays: arrays | {name: change(arrays[name])} if name in arrays else arrays)


def transposed(name: str, axes: tuple[int, ...]) -> Fault:
    """A weight whose axes are in another order, of the same shape: it loads without an error."""
    return given(name, lambda a: a.transpose(axes))


def configured(**config: float | int | str) -> Fault:
    """Another constant: eps 1e-3 for 1e-5, another momentum."""
    return Fault(config=config)


def wrong(output: str, change: Callable[[Array], Array]) -> Fault:
    """The output `"stage/output"` changed."""
    return Fault(outputs=lambda arrays: arrays | {output: change(arrays[output])})


def without(output: str) -> Fault:
    """A forgotten gradient: `"stage/output"` is zero."""
    return wrong(output, np.zeros_like)


def _tf32(a: Array) -> Array:
    if not np.issubdtype(a.dtype, np.floating):
        return a
    mantissa, exponent = np.frexp(a)
    scale = 2.0 ** (TF32_BITS + 1)  # frexp's mantissa is below 1: one bit more than the explicit ones
    return np.ldexp(np.rint(mantissa * scale) / scale, exponent)


def plant(fault: Fault, arrays: tuple[Arrays, Arrays]) -> tuple[Arrays, Arrays]:
    """The params and batch that the faulty backend is given."""
    if fault.inputs is None:
        return arrays
    params, batch = arrays
    return fault.inputs(params), fault.inputs(batch)
