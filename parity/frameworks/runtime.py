"""The frameworks: the package of each one, whether it is installed, and a task's implementation in it."""

import importlib
import importlib.util
import inspect
import os
from collections.abc import Sequence
from types import ModuleType
from typing import Any

from parity.task import DEVICES, MODES, Task, UsageError, choose

PACKAGES = {"numpy": "impl_numpy", "torch": "impl_torch", "tf": "impl_tf"}
REQUIRES = {"numpy": "numpy", "torch": "torch", "tf": "tensorflow"}
INSTALL = {
    "numpy": "python -m pip install numpy",
    "torch": "python -m pip install torch",
    "tf": "python -m pip install tensorflow-cpu keras",
}
CUDA = {  # the install commands for a machine with a GPU
    "numpy": "python -m pip install cupy-cuda12x",
    "torch": "python -m pip install torch, a build with CUDA",
    "tf": "python -m pip install 'tensorflow[and-cuda]' keras",
}


class Unavailable(UsageError):
    """A framework, a device or a mode that does not exist here; the message says what to do."""


class ContractError(Exception):
    """An implementation that does not match its specification; the message names the file."""


def runtime(framework: str) -> ModuleType:
    """The package of one framework; Unavailable with the install command if the framework is missing."""
    choose("framework", framework, PACKAGES)
    if importlib.util.find_spec(REQUIRES[framework]) is None:
        raise Unavailable(f"{framework} is not installed: {INSTALL[framework]}")
    # TensorFlow and Keras read these at their first import; the user's own settings are kept.
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    return importlib.import_module(PACKAGES[framework])


def available(framework: str, device: str, mode: str) -> ModuleType:
    """The runtime of a framework with this device and mode; Unavailable with the remedy if one of them is missing."""
    choose("device", device, DEVICES)
    choose("mode", mode, MODES)
    package = runtime(framework)
    reason = skip_reason(framework, device, mode, devices=package.devices(), modes=package.MODES)
    if reason is not None:
        raise Unavailable(reason)
    return package


def skip_reason(framework: str, device: str, mode: str, *, devices: Sequence[str], modes: Sequence[str]) -> str | None:
    """Why a framework with these devices and modes cannot run in this way, with the remedy; None if it can."""
    if mode not in modes:
        return f"{framework} has no mode {mode!r}; it has {', '.join(modes)}"
    if device not in devices:
        return f"{framework} sees no {device} device here; on a machine with a GPU: {CUDA[framework]}"
    return None


def devices_of(framework: str) -> list[str]:
    """The framework's devices here; for a missing framework the CPU, so that a run there reports what is missing."""
    try:
        return list(runtime(framework).devices())
    except Unavailable:
        return ["cpu"]


def versions_of(framework: str) -> dict[str, str] | None:
    """The versions that determine the framework's numbers; None if it is missing."""
    try:
        return dict(runtime(framework).versions())
    except Unavailable:
        return None


def missing_packages(*names: str) -> list[str]:
    """Which of these importable names are not installed."""
    return [name for name in names if importlib.util.find_spec(name) is None]


def implementation_of(task: Task, framework: str) -> ModuleType:
    """The module that implements the task.

    Raises:
        ContractError: the file is missing, or its `build` does not take `(params, **config)`; the message names it.
    """
    package = PACKAGES[framework]
    try:
        module = importlib.import_module(f"{package}.{task.name}")
    except ModuleNotFoundError as error:
        if error.name != f"{package}.{task.name}":
            raise
        raise ContractError(f"{package}/{task.name}.py is missing") from error
    check_signature(module, "build", ("params", *task.config))
    return module


def stage_of(implementation: ModuleType, name: str) -> Any:
    """The stage's function; ContractError if the file lacks it, or it does not take `(model, batch)`."""
    check_signature(implementation, name, ("model", "batch"))
    return getattr(implementation, name)


def check_signature(implementation: ModuleType, name: str, arguments: Sequence[str]) -> None:
    """ContractError if the file has no such function, or if the function takes other arguments."""
    function = getattr(implementation, name, None)
    if function is None:
        raise ContractError(f"{file_of(implementation)}: there is no function {name!r}")
    parameters = tuple(inspect.signature(function).parameters)
    if parameters != tuple(arguments):
        expected, actual = ", ".join(arguments), ", ".join(parameters)
        raise ContractError(f"{file_of(implementation)}: {name} must take ({expected}), but takes ({actual})")


def file_of(implementation: ModuleType) -> str:
    """The file's path in the repository, for a message."""
    return implementation.__name__.replace(".", "/") + ".py"
