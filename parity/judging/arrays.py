"""What people have, as NumPy arrays: arrays and tensors of any framework, lists, scalars, and names of dtypes."""

import contextlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from parity.task import DTYPES, Array, Arrays, UsageError, choose


def as_array(value: Any, name: str = "the value") -> Array:
    """A NumPy array of real numbers, integers or booleans.

    A tensor is taken off its graph and its device.  bfloat16, which NumPy lacks, becomes float32, exactly.

    Raises:
        UsageError: complex numbers, text or objects; the message names the value.
    """
    if hasattr(value, "detach"):  # a torch tensor, with or without a graph, on any device
        value = value.detach().cpu()
        value = value.float() if str(value.dtype) == "torch.bfloat16" else value
    if hasattr(value, "numpy"):  # a torch or a TensorFlow tensor, or a variable
        value = value.numpy()
    if hasattr(value, "get") and hasattr(value, "device"):  # a CuPy array
        value = value.get()
    try:
        array = np.asarray(value)
    except (ValueError, TypeError) as error:
        raise UsageError(f"{name} is not an array of numbers: {error}") from error
    if array.dtype.kind not in "fiub":
        raise UsageError(f"{name} holds {array.dtype}: real numbers, integers and booleans can be judged")
    return array


def as_arrays(values: Any, what: str) -> Arrays:
    """Named arrays from a mapping; UsageError for something else."""
    if not isinstance(values, Mapping):
        raise UsageError(f"{what} must be a dictionary of named arrays, not {type(values).__name__}")
    return {str(name): as_array(value, f"{what}[{name!r}]") for name, value in values.items()}


def dtype_named(dtype: Any) -> str:
    """`float32` or `float64` from its name, "f4", `np.float32`, `torch.float32` or `tf.float32`; UsageError."""
    name = getattr(dtype, "name", None) or str(dtype).removeprefix("torch.")
    with contextlib.suppress(TypeError):
        name = np.dtype(dtype if isinstance(dtype, type) else name).name
    return choose("dtype", name, DTYPES)
