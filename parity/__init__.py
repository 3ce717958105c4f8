"""Neural-network exercises in NumPy, PyTorch and TensorFlow/Keras, proven to compute the same numbers."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from parity.judging.inputs import draw
    from parity.judging.noise import LIMIT, Truth, noise_units, truth_of
    from parity.judging.run import Outputs, run
    from parity.judging.verdict import Row, judge
    from parity.models.compare import compare_models
    from parity.models.copying import copy_weights
    from parity.models.modes import compare_modes
    from parity.models.record import check, record
    from parity.models.tensors import compare_tensors
    from parity.task import Fault, Raises, Returns, Stage, Stochastic, Task, UsageError, Where
    from parity.tasks import load

# A module is imported at the first use of one of its names, so the command, workers and asv's processes start fast.
_PLACES = {
    "parity.judging.inputs": ("draw",),
    "parity.judging.noise": ("LIMIT", "Truth", "noise_units", "truth_of"),
    "parity.judging.run": ("Outputs", "run"),
    "parity.judging.verdict": ("Row", "judge"),
    "parity.models.compare": ("compare_models",),
    "parity.models.copying": ("copy_weights",),
    "parity.models.modes": ("compare_modes",),
    "parity.models.record": ("check", "record"),
    "parity.models.tensors": ("compare_tensors",),
    "parity.task": ("Fault", "Raises", "Returns", "Stage", "Stochastic", "Task", "UsageError", "Where"),
    "parity.tasks": ("load",),
}
_PLACE = {name: place for place, names in _PLACES.items() for name in names}

__all__ = [
    "LIMIT",
    "Fault",
    "Outputs",
    "Raises",
    "Returns",
    "Row",
    "Stage",
    "Stochastic",
    "Task",
    "Truth",
    "UsageError",
    "Where",
    "check",
    "compare_models",
    "compare_modes",
    "compare_tensors",
    "copy_weights",
    "draw",
    "judge",
    "load",
    "noise_units",
    "record",
    "run",
    "truth_of",
]


def __getattr__(name: str) -> Any:
    if name not in _PLACE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_PLACE[name]), name)


def __dir__() -> list[str]:
    return [*globals(), *_PLACE]
