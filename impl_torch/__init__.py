"""The PyTorch runtime."""

import contextlib

import torch

MODES = ("eager", "compile")
TF32 = (torch.backends.cuda.matmul, torch.backends.cudnn.conv, torch.backends.cudnn.rnn)  # each has its own switch


def devices():
    """The devices that this framework can use here."""
    return ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]


@contextlib.contextmanager
def policy(device, dtype, tf32=False):
    """The precision policy of a run: float32 is float32, so TF32 is off unless asked for, and restored afterwards."""
    before = [backend.fp32_precision for backend in TF32]
    for backend in TF32:
        backend.fp32_precision = "tf32" if tf32 else "ieee"
    try:
        yield
    finally:
        for backend, precision in zip(TF32, before, strict=True):
            backend.fp32_precision = precision


def put(arrays, device, layout):
    """Canonical arrays as this framework's tensors on `device`; torch's layout is the canonical one."""
    return {name: torch.tensor(a, device=device) for name, a in arrays.items()}


def get(tensors, layout):
    """Named tensors as canonical NumPy arrays: the inverse of `put`."""
    return {name: torch.as_tensor(t).detach().cpu().numpy().copy() for name, t in tensors.items()}


def sync(device):
    """Wait until all that was asked of `device` is done."""
    if device == "cuda":
        torch.cuda.synchronize()


def device_seconds(call, device):
    """The seconds between two events on the device, before and after a call; None where there are no events."""
    if device == "cpu":
        return None
    start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    start.record()
    call()
    end.record()
    end.synchronize()
    return start.elapsed_time(end) / 1e3


def wrap(stage, mode):
    """The stage, a function of the batch, as `mode` runs it."""
    return {"eager": lambda: stage, "compile": lambda: _compiled(stage)}[mode]()


def versions():
    """The packages that decide the numbers and the speed, with their versions."""
    return {"torch": str(torch.__version__), "cuda": torch.version.cuda or "none"}  # its own class would need torch


def settings():
    """The precision and threading state that a timing row records."""
    return {
        "threads": torch.get_num_threads(),
        "layout": "NCHW",
        "tf32": any(backend.fp32_precision == "tf32" for backend in TF32),
        "onednn": torch.backends.mkldnn.is_available(),
    }


def _compiled(stage):
    # A function that has been compiled for several models falls back to eager without a word: start afresh.
    torch.compiler.reset()
    return torch.compile(stage)
