"""Mistakes to plant, which prove that the judge's limit detects faults."""

from collections.abc import Callable

import numpy as np

from parity.task import Array, Arrays, Fault

TF32_BITS = 10  # explicit mantissa bits of the TensorFloat-32 format


def rounded_to_tf32() -> Fault:
    """Every floating input rounded to TF32's 10 mantissa bits, as on a GPU's tensor cores unless TF32 is turned off."""
    return Fault(inputs=lambda arrays: {name: _tf32(a) for name, a in arrays.items()})


def given(name: str, change: Callable[[Array], Array]) -> Fault:
    """The input or parameter `name`, changed by `change`."""
    return Fault(inputs=lambda arrays: arrays | {name: change(arrays[name])} if name in arrays else arrays)


def transposed(name: str, axes: tuple[int, ...]) -> Fault:
    """A weight with its axes in another order.  Its shape stays the same, so it loads without an error."""
    return given(name, lambda a: a.transpose(axes))


def configured(**config: float | int | str) -> Fault:
    """Another constant in the configuration: eps 1e-3 instead of 1e-5, or another momentum."""
    return Fault(config=config)


def wrong(output: str, change: Callable[[Array], Array]) -> Fault:
    """The output `"stage/output"`, changed by `change`."""
    return Fault(outputs=lambda arrays: arrays | {output: change(arrays[output])})


def without(output: str) -> Fault:
    """A forgotten gradient: `"stage/output"` is zero."""
    return wrong(output, np.zeros_like)


def _tf32(a: Array) -> Array:
    if not np.issubdtype(a.dtype, np.floating):
        return a
    mantissa, exponent = np.frexp(a)
    scale = 2.0 ** (TF32_BITS + 1)  # frexp's mantissa is below 1, so the implicit bit counts too
    return np.ldexp(np.rint(mantissa * scale) / scale, exponent)


def plant(fault: Fault, arrays: tuple[Arrays, Arrays]) -> tuple[Arrays, Arrays]:
    """The params and batch for the faulty backend."""
    if fault.inputs is None:
        return arrays
    params, batch = arrays
    return fault.inputs(params), fault.inputs(batch)
