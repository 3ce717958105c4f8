"""The NumPy runtime; the same source runs on CuPy arrays (device `cuda`) through NumPy's dispatch protocols."""

import contextlib
import importlib.util
import os

import numpy as np
from threadpoolctl import threadpool_info

MODES = ("eager",)


def devices():
    """The devices that this framework can use here."""
    if importlib.util.find_spec("cupy") is None:
        return ["cpu"]
    import cupy

    try:
        return ["cpu", "cuda"] if cupy.cuda.runtime.getDeviceCount() else ["cpu"]
    except cupy.cuda.runtime.CUDARuntimeError:
        return ["cpu"]


@contextlib.contextmanager
def policy(device, dtype, tf32=False):
    """The precision policy of a run.  NumPy needs none on a CPU; CuPy takes TF32 from CUPY_TF32 alone, at its start."""
    yield


def put(arrays, device, layout):
    """Canonical arrays as this framework's tensors on `device`; `layout` maps names to axes."""
    if device == "cpu":
        return {name: np.array(a) for name, a in arrays.items()}
    import cupy

    return {name: cupy.array(a) for name, a in arrays.items()}


def get(tensors, layout):
    """Named tensors as canonical NumPy arrays: the inverse of `put`."""
    return {name: np.array(t.get() if hasattr(t, "get") else t) for name, t in tensors.items()}


def sync(device):
    """Wait until all that was asked of `device` is done."""
    if device == "cuda":
        import cupy

        cupy.cuda.get_current_stream().synchronize()


def device_seconds(call, device):
    """The seconds between two events on the device, before and after a call; None where there are no events."""
    if device == "cpu":
        return None
    import cupy

    start, end = cupy.cuda.Event(), cupy.cuda.Event()
    start.record()
    call()
    end.record()
    end.synchronize()
    return cupy.cuda.get_elapsed_time(start, end) / 1e3


def wrap(stage, mode):
    """The stage, a function of the batch, as `mode` runs it."""
    return {"eager": stage}[mode]


def versions():
    """The packages that decide the numbers and the speed, with their versions."""
    found = {"numpy": np.__version__}
    if importlib.util.find_spec("cupy") is not None:
        found["cupy"] = importlib.import_module("cupy").__version__
    return found


def settings():
    """The precision and threading state that a timing row records."""
    blas = [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]
    return {
        "threads": max(blas, default=1),
        "layout": "NCHW",
        "tf32": os.environ.get("CUPY_TF32") == "1",
        "onednn": False,
    }
