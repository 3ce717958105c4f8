"""Both losses on the same logits."""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from parity.judging.noise import LIMIT, measured_truth, noise_units
from parity.models.causes import recognised
from parity.models.faults import named
from parity.models.report import Fault
from parity.models.state import keras_default, one_line
from parity.models.views import View
from parity.task import Array, Arrays, UsageError


def loss_faults(
    losses: tuple[Any, Any], frameworks: tuple[str, str], logits: Array, targets: Array, view: View
) -> list[Fault]:
    """The two losses of the first model's logits; torch's is called with (logits, targets), Keras's the other way.

    Raises:
        UsageError: a loss fails.
    """
    given = {
        "logits": logits.astype("float32"),
        "targets": targets.astype("float32") if targets.dtype.kind == "f" else targets,
    }
    functions = [
        _in_float64(loss, framework, place) for loss, framework, place in zip(losses, frameworks, ("first", "second"))
    ]

    def first(_: Arrays, batch: Arrays) -> Arrays:
        return {"": functions[0](batch["logits"], batch["targets"])}

    truth = measured_truth(first, {}, given, "float32")[""]
    wide = {name: a.astype("float64") if a.dtype.kind == "f" else a for name, a in given.items()}
    seen = functions[1](view(wide["logits"]), wide["targets"])
    units = noise_units(seen, truth.value, noise=truth.noise, peak=truth.peak)
    if units <= LIMIT:
        return []
    note = f"{_said(truth.value)} in the first, {_said(seen)} in the second"
    entries = [entry.name for entry in recognised(*losses)] or _by_value(losses[0], wide, seen)
    return [named(Fault("loss", "loss", "loss", units, note=note), entry) for entry in entries or ["unknown"]]


def _in_float64(loss: Any, framework: str, place: str) -> Callable[[Array, Array], Array]:
    """The loss as a function of arrays that computes in float64; a copy of it, where it is an object."""

    def call(logits: Array, targets: Array) -> Array:
        try:
            if framework == "torch":
                import torch

                own = copy.deepcopy(loss).double() if isinstance(loss, torch.nn.Module) else loss
                with torch.no_grad():
                    result = own(torch.as_tensor(np.ascontiguousarray(logits)), torch.as_tensor(targets))
                return np.array(result.detach().numpy())
            if framework == "tf":
                import keras

                own = copy.copy(loss)
                if isinstance(own, keras.losses.Loss):
                    own._dtype = "float64"
                with keras_default("float64"):
                    return np.array(own(keras.ops.convert_to_tensor(targets), keras.ops.convert_to_tensor(logits)))
            return np.array(loss(logits, targets))
        except Exception as error:
            raise UsageError(
                f"the {place} loss fails on logits {logits.shape} and targets {targets.shape}: {one_line(error)}"
            ) from error

    return call


def _by_value(loss: Any, given: Arrays, seen: Array) -> list[str]:
    """Which other reading of torch's loss has this very value."""
    import sys

    torch = sys.modules.get("torch")
    if torch is None or not isinstance(loss, torch.nn.CrossEntropyLoss) or loss.weight is None:
        return []
    own = torch.nn.CrossEntropyLoss(weight=loss.weight.double(), reduction="sum")
    summed = float(own(torch.as_tensor(given["logits"]), torch.as_tensor(given["targets"])))
    by_batch = np.array(summed / len(given["targets"]))
    return ["CE-WEIGHT"] if abs(by_batch - seen) <= 2.0**-24 * abs(by_batch) else []


def _said(value: Array) -> str:
    return f"{float(value):.6g}" if value.ndim == 0 else f"a loss of shape {value.shape}"
