"""Real weights in place of the seeded ones: torchvision's, or a state_dict in a file."""

import functools
from pathlib import Path
from typing import Any

import numpy as np

from parity.task import Arrays, Task, UsageError
from parity.tasks import load

IMAGENET = "imagenet"
NEW_HEAD = "fc."  # transfer learning replaces it: a checkpoint's own is left out
OPTIONAL = "num_batches_tracked"  # counted by torch alone, and missing in older files


@functools.lru_cache(maxsize=64)
def task_with(name: str, config: tuple[tuple[str, float | int | str], ...], weights: str = "") -> Task:
    """The task of that name with this configuration and, at `base`, these weights; the same object each time.

    Raises:
        UsageError: the weights cannot be had, or are not of this task.
    """
    from dataclasses import replace

    task = replace(load(name), config=dict(config))
    if not (weights and task.checkpoint):
        return task
    found = state_dict(task, weights)

    @functools.wraps(task.make)
    def make(rng: np.random.Generator, **size: int) -> tuple[Arrays, Arrays]:
        params, batch = task.make(rng, **size)
        if size == task.sizes["base"]:
            params = pretrained(params, found, where=weights)
        return params, batch

    return replace(task, make=make)


def pretrained(params: Arrays, found: Arrays, *, where: str) -> Arrays:
    """`params` with the values of the state_dict `found`; the new head `fc` keeps its own.

    Raises:
        UsageError: a key that is missing or unknown, or has another shape, with both shapes.
    """
    wanted = {key: a for key, a in params.items() if not key.startswith(NEW_HEAD)}
    found = {key: a for key, a in found.items() if not key.startswith(NEW_HEAD)}
    for key in found:
        if key not in wanted:
            raise UsageError(f"{where}: the key {key!r} has no place in this model")
    for key, a in wanted.items():
        if key not in found and not key.endswith(OPTIONAL):
            raise UsageError(f"{where}: the key {key!r} of shape {a.shape} is missing")
        if key in found and found[key].dtype.kind not in "fiu":
            raise UsageError(f"{where}: the key {key!r} holds {found[key].dtype}, real numbers are due")
        if key in found and found[key].shape != a.shape:
            raise UsageError(f"{where}: the key {key!r} has shape {found[key].shape}, {a.shape} is due")
    return params | {key: found[key].astype(params[key].dtype) for key in found}


def state_dict(task: Task, weights: str) -> Arrays:
    """Named arrays from `imagenet` or from a .safetensors, .pt or .pth file; nothing is unpickled that could run code.

    Raises:
        UsageError: torchvision or its file cannot be had; the file is missing, truncated or no plain state_dict.
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
        raise UsageError(f"{weights} is no whole file of plain tensors: {type(error).__name__}: {first}") from error


def _torchvision(name: str) -> Arrays:
    hint = f"install it (python -m pip install torchvision), or give a file of {name}'s state_dict"
    try:
        from torchvision.models import get_model_weights
    except Exception as error:  # where it was built for another torch, importing it raises anything
        raise UsageError(f"--weights {IMAGENET} needs torchvision, which cannot be imported: {hint}") from error
    try:
        found = get_model_weights(name).DEFAULT.get_state_dict(progress=False)
    except Exception as error:  # no network, a wrong hash, a truncated file in the cache: each has a class of its own
        reason = f"{type(error).__name__}: {error}"
        raise UsageError(f"torchvision's file for {name} cannot be had here ({reason}); give a file instead") from error
    return _arrays(found, where=f"torchvision's file for {name}")


def _arrays(found: Any, *, where: str) -> Arrays:
    torch = _torch()
    if not isinstance(found, dict) or not all(isinstance(value, torch.Tensor) for value in found.values()):
        raise UsageError(f"{where} holds something else than a plain state_dict of tensors")
    return {str(key): value.detach().numpy() for key, value in found.items()}


def _torch() -> Any:
    try:
        import torch
    except ImportError as error:
        raise UsageError("a .pt file needs torch; a .safetensors file does not") from error
    return torch
