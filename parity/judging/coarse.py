"""The judgement at `large` of what lies behind a kink: rounding may pick a side there, and then errors are no noise.

Correct outputs lie within 10⁻³ of the truth's size even where a side was picked; a transposed weight, a dropped term or
a factor moves them by about 1.
"""

from collections.abc import Mapping

import numpy as np

from parity.judging.inputs import comes_near_a_kink
from parity.judging.noise import Truth, rms
from parity.task import Array, Arrays, Task

LIMIT = 2.0**-7  # of the root mean square of the truth
TIES = 1e-3  # of integers: one in a thousand may fall on the other side


def behind_a_kink(
    task: Task, size: str, arrays: tuple[Arrays, Arrays], truths: Mapping[str, Truth]
) -> frozenset[str]:  # fmt: skip
    """The outputs of the loops, as "stage/output", that jump where the stage comes near a kink: derivatives, integers.

    What the derivatives are taken of is continuous, and so is all of a stage that has neither.
    """
    keys: set[str] = set()
    for name in task.loops:
        stage = task.stages[name]
        own = {key for output in stage.outputs if (key := f"{name}/{output}") in truths}
        jumps = stage.derivative_of or stage.trajectory or any(truths[key].value.dtype.kind != "f" for key in own)
        if jumps and comes_near_a_kink(task, name, size, *arrays):
            keys |= own - stage.derivative_of.keys()
    return frozenset(keys)


def distance(output: Array, truth: Array, scale: Array) -> float:
    """How far an output is from the truth, by what is allowed: 1 or less is coarsely right, infinity never is.

        floating: rms(output - truth) / (2⁻⁷ rms(scale)), NaN and misplaced infinities never being right
        integers: Σ|output - truth| / (10⁻³ Σ|truth|)

    Args:
        scale: the truth, or where that is zero in theory its sibling.
    """
    if truth.dtype.kind != "f":
        error, allowed = np.abs(output - truth.astype(float)).sum(), TIES * np.abs(truth).sum()
    else:
        finite = np.isfinite(truth)
        if not np.array_equal(output[~finite], truth[~finite]) or not np.isfinite(output[finite]).all():
            return np.inf
        error, allowed = rms(output[finite] - truth[finite]), LIMIT * rms(scale[np.isfinite(scale)])
    return error / allowed if allowed else np.inf if error else 0.0
