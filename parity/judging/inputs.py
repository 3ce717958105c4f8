"""The inputs of a task: seeded draws that keep away from kinks."""

import contextlib
import functools
import zlib

import numpy as np

from parity.frameworks.runtime import ContractError, implementation_of, stage_of
from parity.task import Arrays, Shape, Task, cast, choose
from parity.tasks import has_own_settings

# The least distance of the NumPy implementation from a kink, relative to the tensor's root mean square.
MARGIN = 2.0**-18
TRAJECTORY_MARGIN = 2.0**-14
ATTEMPTS = 1000


def draw(task: Task, size: str, *, seed: int = 0, judged: bool = True) -> tuple[Arrays, Arrays]:
    """The inputs of a task as float64, away from every kink: the same numbers in any order, process and framework.

    A kink is a point where a derivative or an integer jumps (a ReLU's zero, a maximum's tie); near it, rounding
    decides the side.  Draws are numbered.  A draw that comes nearer to a kink than the margin is rejected, and the
    next one is tried.

    Args:
        judged: whether derivatives will be compared in noise units; for timing, and at `large`, the first draw is used.
        seed: selects other inputs of the same task: `default_rng([crc32(name), 1000 seed + attempt])`.

    Raises:
        UsageError: an unknown size.
        ContractError: a thousand draws of the task lie too near a kink, or it names an array that does not exist.
    """
    params, batch = _draw(task, size, seed, judged and size != "large")  # so many values never all keep away
    return cast(params, "float64"), cast(batch, "float64")


@functools.lru_cache(maxsize=128)  # a sweep draws the inputs of all tasks before it judges the first
def _draw(task: Task, size: str, seed: int, judged: bool) -> tuple[Arrays, Arrays]:
    choose("size", size, task.sizes)
    for attempt in range(seed * ATTEMPTS, (seed + 1) * ATTEMPTS):
        rng = np.random.default_rng([zlib.crc32(task.name.encode()), attempt])
        params, batch = task.make(rng, **task.drawn_from(size))
        _check_names(task, size, params, batch)
        if not judged or not any(comes_near_a_kink(task, name, size, params, batch) for name in task.stages):
            return params, batch
    raise ContractError(
        f"parity/tasks/{task.name}.py: {ATTEMPTS} draws of size {size!r} all lie too near a kink; "
        "choose a smoother activation or a smaller size"
    )


def _check_names(task: Task, size: str, params: Arrays, batch: Arrays) -> None:
    """ContractError for a cotangent, a known shape or a layout of an unknown name, or an input of another shape."""
    where = f"parity/tasks/{task.name}.py"
    for name, stage in task.stages.items():
        for cotangent in filter(None, stage.derivative_of.values()):
            if cotangent not in batch:
                raise ContractError(
                    f"{where}: stage {name!r} names the cotangent {cotangent!r}, which is not in the batch"
                )
    for shape, value in task.known.items() if has_own_settings(task) else ():
        if isinstance(shape, Shape) and "/" not in shape.of:
            arrays = {**params, **batch}
            if shape.of not in arrays:
                raise ContractError(f"{where}: the shape of {shape.of!r} is known, and there is no such input")
            is_ = arrays[shape.of].shape
            if size == "base" and not np.array_equal(is_, value):
                raise ContractError(f"{where}: the exercise states the shape {value!r} of {shape.of!r}, this is {is_}")
    known = [*params, *batch, *(output for stage in task.stages.values() for output in stage.outputs)]
    for name in task.layout:
        if not any(f".{key}".endswith(f".{name}") for key in known):
            raise ContractError(f"{where}: the layout names {name!r}, which is neither an array nor an output")


def comes_near_a_kink(task: Task, name: str, size: str, params: Arrays, batch: Arrays) -> bool:
    """Whether the NumPy implementation of a stage, in float64, comes nearer to a kink than the margin."""
    from impl_numpy import ops

    implementation = implementation_of(task, "numpy")
    function = stage_of(implementation, name)
    with (
        ops.listening() as distances,
        contextlib.suppress(Exception),  # run() reports failures
        contextlib.redirect_stdout(None),  # and printed text
    ):
        function(implementation.build(cast(params, "float64"), **task.settings(size)), cast(batch, "float64"))
    return min(distances, default=np.inf) < (TRAJECTORY_MARGIN if task.stages[name].trajectory else MARGIN)
