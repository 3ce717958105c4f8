"""What is global in Python, torch and Keras, put back as it was; and their errors in one line."""

import contextlib
import random
import re
import sys
from collections.abc import Iterator

import numpy as np


@contextlib.contextmanager
def untouched() -> Iterator[None]:
    """Generators, default dtypes and policies are as before afterwards, also after an error.

    TensorFlow's global generator cannot be read; Keras's initialisers draw their seeds from Python's.
    """
    with contextlib.ExitStack() as stack:
        stack.callback(random.setstate, random.getstate())
        stack.callback(np.random.set_state, np.random.get_state())  # noqa: NPY002  # a user's own global state
        if (torch := sys.modules.get("torch")) is not None:
            stack.callback(torch.set_rng_state, torch.get_rng_state())
            stack.callback(torch.set_default_dtype, torch.get_default_dtype())
        if (keras := sys.modules.get("keras")) is not None:
            stack.callback(keras.config.set_dtype_policy, keras.config.dtype_policy())
            stack.callback(keras.config.set_floatx, keras.config.floatx())
            stack.callback(keras.config.set_image_data_format, keras.config.image_data_format())
        yield


@contextlib.contextmanager
def keras_default(dtype: str) -> Iterator[None]:
    """Keras builds in this precision."""
    import keras

    before = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx(dtype)
    keras.config.set_dtype_policy(dtype)
    try:
        yield
    finally:
        keras.config.set_floatx(before[0])
        keras.config.set_dtype_policy(before[1])


def one_line(error: BaseException) -> str:
    """The class of an error and what it says, without the frame that Keras puts around it."""
    plain = re.sub(r"\x1b\[\d*m", "", str(error))
    said = [line for line in plain.splitlines() if line.strip() and not line.startswith("Exception encountered when")]
    return f"{type(error).__name__}: {said[0].strip() if said else ''}".rstrip(": ")
