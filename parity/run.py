"""Draw a task's inputs and run its implementation in one framework: the one way from a specification to numbers."""

import contextlib
import functools
import importlib
import importlib.util
import os
import traceback
import zlib
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from parity.task import DEVICES, DTYPES, MODES, SIZES, Array, Arrays, Stage, Task, UsageError, cast, choose, load

PACKAGES = {"numpy": "impl_numpy", "torch": "impl_torch", "tf": "impl_tf"}
REQUIRES = {"numpy": "numpy", "torch": "torch", "tf": "tensorflow"}
INSTALL = {
    "numpy": "python -m pip install numpy",
    "torch": "python -m pip install -c constraints.txt '.[torch]'",
    "tf": "python -m pip install -c constraints.txt '.[tf]'",
}

# How near the NumPy implementation may come to a kink, relative to the tensor's root mean square.
MARGIN = 2.0**-18
TRAJECTORY_MARGIN = 2.0**-14
ATTEMPTS = 1000


class Unavailable(UsageError):
    """A framework, a device or a mode that is not here; the message says what to do."""


class ContractError(Exception):
    """An implementation that is not what its specification says; the message names the file."""


@dataclass(frozen=True)
class Failure:
    """An exception as plain text, so that it can be told in a process that lacks the framework that raised it."""

    classes: tuple[str, ...]  # the exception's class and its bases, nearest first
    message: str
    trace: str

    @classmethod
    def of(cls, error: BaseException) -> "Failure":
        classes = tuple(c.__name__ for c in type(error).__mro__)
        return cls(classes, str(error), "".join(traceback.format_exception(error)))

    def __str__(self) -> str:
        """The traceback's last line: the class and the first line of the message."""
        return ": ".join(filter(None, (self.classes[0], self.message.strip().partition("\n")[0])))


class Outputs(dict[str, Array]):
    """Named arrays, `"backward/grad.weight"` in canonical layout; `raised` has the failures, by stage."""

    raised: dict[str, Failure]

    def __init__(self) -> None:
        super().__init__()
        self.raised = {}


def run(
    task: Task | str,
    framework: str,
    *,
    device: str = "cpu",
    dtype: str = "float64",
    mode: str = "eager",
    size: str = "tiny",
    arrays: tuple[Arrays, Arrays] | None = None,
) -> Outputs:
    """Run every stage of a task in one framework, each on a freshly built model.

    Args:
        task: a task or its name.
        framework: `numpy`, `torch` or `tf`.
        device: `cpu` or `cuda`.
        dtype: `float32` or `float64`; NumPy also `longdouble`.
        mode: `eager`, `compile` (torch), `graph` or `xla` (tf).  On another device than the CPU, and in
            another mode than eager, only the stages that are loops run.
        size: `tiny`, `base` or `large`.
        arrays: params and batch, instead of the ones that `draw` makes; floating ones are rounded to `dtype`.

    Returns:
        Each output of each stage under `"stage/output"`.  An exception in a stage is kept in `.raised[stage]`,
        and the other stages go on.

    Raises:
        UsageError: an unknown name, with the nearest valid one.
        Unavailable: a framework, device or mode that is not here, with the command that installs it.
        ContractError: an implementation without `build`.
    """
    task = load(task) if isinstance(task, str) else task
    framework_runtime = available(framework, device, mode)
    choose("dtype", dtype, (*DTYPES, "longdouble") if framework == "numpy" else DTYPES)
    choose("size", size, SIZES)
    params, batch = draw(task, size) if arrays is None else arrays
    params, batch = cast(params, dtype), cast(batch, dtype)
    implementation = implementation_of(task, framework)
    outputs = Outputs()
    with framework_runtime.policy(device, dtype):
        for name, stage in stages_of(task, device, mode).items():
            try:
                model = implementation.build(framework_runtime.put(params, device, task.axes(params)), **task.config)
                function = framework_runtime.wrap(stage_of(implementation, name), mode)
                tensors = function(model, framework_runtime.put(batch, device, task.axes(batch)))
                arrays_out = framework_runtime.get(tensors, task.axes(tensors))
                check_contract(implementation, name, stage, arrays_out, dtype)
            except Exception as error:
                outputs.raised[name] = Failure.of(error)
            else:
                outputs.update({f"{name}/{output}": arrays_out[output] for output in stage.outputs})
    return outputs


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
    params, batch = _draw(task, size, seed, judged and size != "large")  # at large only forward values are
    return cast(params, "float64"), cast(batch, "float64")


@functools.lru_cache(maxsize=16)
def _draw(task: Task, size: str, seed: int, judged: bool) -> tuple[Arrays, Arrays]:
    choose("size", size, task.sizes)
    for attempt in range(seed * ATTEMPTS, (seed + 1) * ATTEMPTS):
        rng = np.random.default_rng([zlib.crc32(task.name.encode()), attempt])
        params, batch = task.make(rng, **task.sizes[size])
        if not judged or _keeps_away(task, params, batch):
            return params, batch
    raise ContractError(
        f"parity/tasks/{task.name}.py: {ATTEMPTS} draws of size {size!r} all lie too near a kink; "
        "choose a smoother activation or a smaller size"
    )


def _keeps_away(task: Task, params: Arrays, batch: Arrays) -> bool:
    from impl_numpy import ops

    implementation = implementation_of(task, "numpy")
    for name, stage in task.stages.items():
        with ops.listening() as distances, contextlib.suppress(Exception):  # run() reports what fails
            model = implementation.build(cast(params, "float64"), **task.config)
            stage_of(implementation, name)(model, cast(batch, "float64"))
        if min(distances, default=1.0) < (TRAJECTORY_MARGIN if stage.trajectory else MARGIN):
            return False
    return True


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
    if mode not in found.MODES:
        raise Unavailable(f"{framework} has no mode {mode!r}; it has {', '.join(found.MODES)}")
    if device not in found.devices():
        raise Unavailable(f"{framework} sees no device {device!r} here; it has {', '.join(found.devices())}")
    return found


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
        raise ContractError(f"{_file(implementation)}: there is no function {name!r}")
    return function


def stages_of(task: Task, device: str, mode: str) -> dict[str, Stage]:
    """The stages that run on this device and in this mode: all on the CPU in eager mode, elsewhere the loops."""
    everywhere = device == "cpu" and mode == "eager"
    return {name: stage for name, stage in task.stages.items() if stage.loop or everywhere}


def check_contract(implementation: ModuleType, name: str, stage: Stage, arrays: Arrays, dtype: str) -> None:
    """ContractError if a stage returned other names than specified, or a floating tensor of another dtype."""
    where = f"{_file(implementation)}: {name}"
    if set(arrays) != set(stage.outputs):
        missing, extra = sorted(set(stage.outputs) - set(arrays)), sorted(set(arrays) - set(stage.outputs))
        raise ContractError(f"{where} returned other names than specified: missing {missing}, extra {extra}")
    for output, a in arrays.items():
        if np.issubdtype(a.dtype, np.floating) and a.dtype != np.dtype(dtype):
            raise ContractError(f"{where} returned {output!r} as {a.dtype} where {dtype} was asked for")


def _file(implementation: ModuleType) -> str:
    return implementation.__name__.replace(".", "/") + ".py"
