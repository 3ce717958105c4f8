"""The TensorFlow/Keras runtime."""

import contextlib
import os

import keras
import numpy as np
import tensorflow as tf

MODES = ("eager", "graph", "xla")

# Canonical axes -> the permutation that makes them TensorFlow's (channels last, inputs before outputs).
AXES = {"oi": (1, 0), "oihw": (2, 3, 1, 0), "nchw": (0, 2, 3, 1)}


def devices():
    """The devices that this framework can use here."""
    return ["cpu", "cuda"] if tf.config.list_physical_devices("GPU") else ["cpu"]


@contextlib.contextmanager
def policy(device, dtype, tf32=False):
    """The precision policy of a run: TF32 is off unless asked for, and Keras computes in `dtype`; both are restored.

    Keras keeps its default dtype in two places, and scalars such as a learning rate follow the first.
    """
    before = keras.config.floatx(), keras.config.dtype_policy(), _tf32()
    keras.config.set_floatx(dtype)
    keras.config.set_dtype_policy(dtype)
    tf.config.experimental.enable_tensor_float_32_execution(tf32)
    try:
        with tf.device({"cpu": "CPU:0", "cuda": "GPU:0"}[device]):
            yield
    finally:
        keras.config.set_floatx(before[0])
        keras.config.set_dtype_policy(before[1])
        tf.config.experimental.enable_tensor_float_32_execution(before[2])


def put(arrays, device, layout):
    """Canonical arrays as this framework's tensors on `device`; `layout` maps names to axes."""
    with tf.device({"cpu": "CPU:0", "cuda": "GPU:0"}[device]):
        return {
            name: tf.constant(a.transpose(AXES[layout[name]]) if name in layout else a) for name, a in arrays.items()
        }


def get(tensors, layout):
    """Named tensors as canonical NumPy arrays: the inverse of `put`."""
    arrays = {name: tf.convert_to_tensor(t).numpy().copy() for name, t in tensors.items()}
    return {name: a.transpose(np.argsort(AXES[layout[name]])) if name in layout else a for name, a in arrays.items()}


def sync(device):
    """Wait until all that was asked of `device` is done."""
    if device == "cuda":
        tf.test.experimental.sync_devices()


def device_seconds(call, device):
    """The seconds between two events on the device, before and after a call; TensorFlow offers no events."""
    return None


def wrap(stage, mode):
    """The stage, a function of the batch, as `mode` runs it."""

    # As in a user's code the model is not an argument: tf.function looks through all of its objects at every call.
    def call(batch):
        return stage(batch)

    return {
        "eager": lambda: stage,
        "graph": lambda: tf.function(call),
        "xla": lambda: tf.function(call, jit_compile=True),
    }[mode]()


def versions():
    """The packages that decide the numbers and the speed, with their versions."""
    return {"tensorflow": tf.__version__, "keras": keras.__version__}


def settings():
    """The precision and threading state that a timing row records."""
    return {
        "threads": _threads(),
        "layout": "NHWC",
        "tf32": _tf32(),
        "onednn": _onednn(),
    }


def _threads():
    """Those of one operation; TensorFlow says 0 where nothing was set in the program, and then takes what it can."""
    said = tf.config.threading.get_intra_op_parallelism_threads() or os.environ.get("TF_NUM_INTRAOP_THREADS")
    return int(said or os.cpu_count())


def _tf32():
    return tf.config.experimental.tensor_float_32_execution_enabled()


def _onednn():
    from tensorflow.python.util import _pywrap_util_port

    return _pywrap_util_port.IsMklEnabled()
