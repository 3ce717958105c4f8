"""The frameworks: which package implements each, whether it is here, and where a task's implementation is."""

import importlib
import importlib.util
import os
from collections.abc import Sequence
from types import ModuleType
from typing import Any

from parity.task import DEVICES, MODES, Task, UsageError, choose

PACKAGES = {"numpy": "impl_numpy", "torch": "impl_torch", "tf": "impl_tf"}
REQUIRES = {"numpy": "numpy", "torch": "torch", "tf": "tensorflow"}
INSTALL = {
    "numpy": "python -m pip install numpy",
    "torch": "python -m pip install -c constraints.txt '.[torch]'",
    "tf": "python -m pip install -c constraints.txt '.[tf]'",
}
CUDA = {  # what a machine with a GPU needs
    "numpy": "python -m pip install '.[cupy]'",
    "torch": "python -m pip install torch, a build with CUDA",
    "tf": "python -m pip install '.[tf-cuda]'",
}


class Unavailable(UsageError):
    """A framework, a device or a mode that is not here; the message says what to do."""


class ContractError(Exception):
    """An implementation that is not what its specification says; the message names the file."""


def runtime(framework: str) -> ModuleType:
    """The package of one framework; Unavailable with the install command where the framework is missing."""
    choose("framework", framework, PACKAGES)
    if importlib.util.find_spec(REQUIRES[framework]) is None:
        raise Unavailable(f"{framework} is not installed: {INSTALL[framework]}")
    # Read when TensorFlow and Keras are first imported; what the user has set holds.
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    return importlib.import_module(PACKAGES[framework])


def available(framework: str, device: str, mode: str) -> ModuleType:
    """The runtime of a framework that has this device and mode here; Unavailable with the way out otherwise."""
    choose("device", device, DEVICES)
    choose("mode", mode, MODES)
    found = runtime(framework)
    reason = refusal(framework, device, mode, devices=found.devices(), modes=found.MODES)
    if reason is not None:
        raise Unavailable(reason)
    return found


def refusal(framework: str, device: str, mode: str, *, devices: Sequence[str], modes: Sequence[str]) -> str | None:
    """Why a framework that has these devices and modes cannot run so, with the way out; None where it can."""
    if mode not in modes:
        return f"{framework} has no mode {mode!r}; it has {', '.join(modes)}"
    if device not in devices:
        return f"{framework} sees no {device} device here; on a machine with a GPU: {CUDA[framework]}"
    return None


def devices_of(framework: str) -> list[str]:
    """The framework's devices here; the CPU alone where it is missing, which is then refused with the reason."""
    try:
        return list(runtime(framework).devices())
    except Unavailable:
        return ["cpu"]


def implementation_of(task: Task, framework: str) -> ModuleType:
    """The module that implements the task; ContractError names the file that is missing or lacks `build`."""
    try:
        module = importlib.import_module(f"{PACKAGES[framework]}.{task.name}")
    except ModuleNotFoundError as error:
        if error.name != f"{PACKAGES[framework]}.{task.name}":
            raise
        raise ContractError(f"{PACKAGES[framework]}/{task.name}.py is missing") from error
    stage_of(module, "build")
    return module


def stage_of(implementation: ModuleType, name: str) -> Any:
    """The stage's function; ContractError names the file that lacks it."""
    function = getattr(implementation, name, None)
    if function is None:
        raise ContractError(f"{file_of(implementation)}: there is no function {name!r}")
    return function


def file_of(implementation: ModuleType) -> str:
    """The file's path in the repository, for a message."""
    return implementation.__name__.replace(".", "/") + ".py"
