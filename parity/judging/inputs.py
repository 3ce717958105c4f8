"""The inputs of a task: seeded draws that keep away from kinks."""

import contextlib
import functools
import zlib

import numpy as np

from parity.frameworks.runtime import ContractError, implementation_of, stage_of
from parity.task import Arrays, Shape, Task, cast, choose

# How near the NumPy implementation may come to a kink, relative to the tensor's root mean square.
MARGIN = 2.0**-18
TRAJECTORY_MARGIN = 2.0**-14
ATTEMPTS = 1000


def draw(task: Task, size: str, *, seed: int = 0, judged: bool = True) -> tuple[Arrays, Arrays]:
    """The inputs of a task as float64, away from every kink: the same numbers in any order, process and framework.

    Draws are numbered; one that comes nearer than the margin to a point where a derivative or an integer jumps
    (the sign of a ReLU's input, a maximum's tie) is given up for the next, since there rounding picks the side.

    Args:
        judged: whether derivatives will be compared; where they are only timed the first draw will do.
        seed: further inputs of the same task; `default_rng([crc32(name), 1000 seed + attempt])`.

    Raises:
        UsageError: an unknown size.
        ContractError: a task of which a thousand draws lie too near a kink.
    """
    params, batch = _draw(task, size, seed, judged and size != "large")  # forward values need none
    return cast(params, "float64"), cast(batch, "float64")


@functools.lru_cache(maxsize=16)
def _draw(task: Task, size: str, seed: int, judged: bool) -> tuple[Arrays, Arrays]:
    choose("size", size, task.sizes)
    for attempt in range(seed * ATTEMPTS, (seed + 1) * ATTEMPTS):
        rng = np.random.default_rng([zlib.crc32(task.name.encode()), attempt])
        params, batch = task.make(rng, **task.drawn_from(size))
        _check_names(task, size, params, batch)
        if not judged or _keeps_away(task, size, params, batch):
            return params, batch
    raise ContractError(
        f"parity/tasks/{task.name}.py: {ATTEMPTS} draws of size {size!r} all lie too near a kink; "
        "choose a smoother activation or a smaller size"
    )


def _check_names(task: Task, size: str, params: Arrays, batch: Arrays) -> None:
    """ContractError for a cotangent or a known shape of no input, a shape that is another, and a layout of nothing."""
    where = f"parity/tasks/{task.name}.py"
    for name, stage in task.stages.items():
        for cotangent in filter(None, stage.derivative_of.values()):
            if cotangent not in batch:
                raise ContractError(f"{where}: stage {name!r} is weighed by {cotangent!r}, which is not in the batch")
    for shape, value in task.known.items():
        if isinstance(shape, Shape) and "/" not in shape.of:
            arrays = {**params, **batch}
            if shape.of not in arrays:
                raise ContractError(f"{where}: the shape of {shape.of!r} is known, and there is no such input")
            if size == "base" and arrays[shape.of].shape != tuple(np.asarray(value)):
                is_ = arrays[shape.of].shape
                raise ContractError(f"{where}: the exercise states the shape {value!r} of {shape.of!r}, this is {is_}")
    found = [*params, *batch, *(output for stage in task.stages.values() for output in stage.outputs)]
    for name in task.layout:
        if not any(f".{key}".endswith(f".{name}") for key in found):
            raise ContractError(f"{where}: the layout of {name!r} is of no array and no output")


def _keeps_away(task: Task, size: str, params: Arrays, batch: Arrays) -> bool:
    from impl_numpy import ops

    implementation = implementation_of(task, "numpy")
    for name, stage in task.stages.items():
        function = stage_of(implementation, name)
        with (
            ops.listening() as distances,
            contextlib.suppress(Exception),  # run() reports what fails,
            contextlib.redirect_stdout(None),  # and shows what is printed
        ):
            function(implementation.build(cast(params, "float64"), **task.settings(size)), cast(batch, "float64"))
        if min(distances, default=1.0) < (TRAJECTORY_MARGIN if stage.trajectory else MARGIN):
            return False
    return True
