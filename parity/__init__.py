"""Neural-network exercises in NumPy, PyTorch and TensorFlow/Keras, proven to compute the same numbers."""

from parity.judging.inputs import draw
from parity.judging.verdict import Row, judge
from parity.judging.noise import LIMIT, Truth, noise_units, truth_of
from parity.judging.run import Outputs, run
from parity.task import Fault, Raises, Returns, Sampled, Stage, Task, UsageError, Where
from parity.tasks import load

__all__ = [
    "LIMIT",
    "Fault",
    "Outputs",
    "Raises",
    "Returns",
    "Row",
    "Sampled",
    "Stage",
    "Task",
    "Truth",
    "UsageError",
    "Where",
    "draw",
    "judge",
    "load",
    "noise_units",
    "run",
    "truth_of",
]
