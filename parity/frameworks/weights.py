"""Real weights in place of the seeded ones: torchvision's, or a state_dict in a file."""

import functools
from pathlib import Path
from typing import Any

import numpy as np

from parity.task import Arrays, Task, UsageError
from parity.tasks import load

IMAGENET = "imagenet"
NEW_HEAD = "fc."  # transfer learning replaces the head, so a checkpoint's own head is left out
OPTIONAL = "num_batches_tracked"  # a counter that only torch has, and older files lack


@functools.lru_cache(maxsize=64)
def task_with(name: str, config: tuple[tuple[str, float | int | str], ...], weights: str = "") -> Task:
    """The task of that name with this configuration and, at `base`, these weights; the same object each time.

    Raises:
        UsageError: the weights cannot be obtained, or do not fit this task.
    """
    from dataclasses import replace

    task = replace(load(name), config=dict(config))
    if not (weights and task.checkpoint):
        return task
    loaded = state_dict(task, weights)

    @functools.wraps(task.make)
    def make(rng: np.random.Generator, **size: int) -> tuple[Arrays, Arrays]:
        params, batch = task.make(rng, **size)
        if size == task.sizes["base"]:
            params = pretrained(params, loaded, where=weights)
        return params, batch

    return replace(task, make=make)


def pretrained(params: Arrays, found: Arrays, *, where: str) -> Arrays:
    """`params` with the values of the state_dict `found`; the new head `fc` keeps its values.

    Raises:
        UsageError: a key is missing or unknown, its values are not real, or its shape differs (the message has both).
    """
    wanted = {key: a for key, a in params.items() if not key.startswith(NEW_HEAD)}
    found = {key: a for key, a in found.items() if not key.startswith(NEW_HEAD)}
    for key in found:
        if key not in wanted:
            raise UsageError(f"{where}: the model has no key {key!r}")
    for key, a in wanted.items():
        if key not in found and not key.endswith(OPTIONAL):
            raise UsageError(f"{where}: the key {key!r} of shape {a.shape} is missing")
        if key in found and found[key].dtype.kind not in "fiu":
            raise UsageError(f"{where}: the key {key!r} holds {found[key].dtype}, expected real numbers")
        if key in found and found[key].shape != a.shape:
            raise UsageError(f"{where}: the key {key!r} has shape {found[key].shape}, expected {a.shape}")
    return params | {key: found[key].astype(params[key].dtype) for key in found}


def state_dict(task: Task, weights: str) -> Arrays:
    """Named arrays from `imagenet` or from a .safetensors, .pt or .pth file; unpickling cannot run code.

    Raises:
        UsageError: torchvision or its file cannot be obtained; the file is missing, truncated or no plain state_dict.
    """
    if weights == IMAGENET:
        return _torchvision(task.checkpoint)
    path = Path(weights)
    if not path.is_file():
        raise UsageError(f"there is no file {weights}; --weights takes {IMAGENET}, a .safetensors or a .pt file")
    try:
        if path.suffix == ".safetensors":
            from safetensors.numpy import load_file

            return dict(load_file(path))
        return _arrays(_torch().load(path, map_location="cpu", weights_only=True), where=weights)
    except UsageError:
        raise
    except Exception as error:
        first = str(error).strip().partition("\n")[0]
        raise UsageError(
            f"{weights} is not a complete file of plain tensors: {type(error).__name__}: {first}"
        ) from error


def _torchvision(name: str) -> Arrays:
    hint = f"install it (python -m pip install torchvision), or give a file of {name}'s state_dict"
    try:
        from torchvision.models import get_model_weights
    except Exception as error:  # if it was built for another torch, its import may raise any error
        raise UsageError(f"--weights {IMAGENET} needs torchvision, which cannot be imported: {hint}") from error
    try:
        loaded = get_model_weights(name).DEFAULT.get_state_dict(progress=False)
    except Exception as error:  # no network, a wrong hash or a truncated file: each has its own class
        reason = f"{type(error).__name__}: {error}"
        raise UsageError(
            f"torchvision's file for {name} cannot be obtained here ({reason}); give a file instead"
        ) from error
    return _arrays(loaded, where=f"torchvision's file for {name}")


def _arrays(found: Any, *, where: str) -> Arrays:
    torch = _torch()
    if not isinstance(found, dict) or not all(isinstance(value, torch.Tensor) for value in found.values()):
        raise UsageError(f"{where} is not a plain state_dict of tensors")
    return {str(key): value.detach().numpy() for key, value in found.items()}


def _torch() -> Any:
    try:
        import torch
    except ImportError as error:
        raise UsageError("a .pt file needs torch; a .safetensors file does not") from error
    return torch
