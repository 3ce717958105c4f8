"""Run a task's implementation in one framework: the one way from a specification to numbers."""

import contextlib
import functools
import io
import traceback
from dataclasses import dataclass
from types import ModuleType

import numpy as np

from parity.frameworks.runtime import ContractError, available, file_of, implementation_of, stage_of
from parity.judging.inputs import draw
from parity.task import DTYPES, SIZES, Array, Arrays, Stage, Task, cast, choose
from parity.tasks import load


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
    """Named arrays, `"backward/grad.weight"` in canonical layout; by stage what `raised` and what was `printed`."""

    raised: dict[str, Failure]
    printed: dict[str, str]

    def __init__(self) -> None:
        super().__init__()
        self.raised, self.printed = {}, {}


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
            another mode than eager, and at `large`, only the stages that are loops run.
        size: `tiny`, `base` or `large`.
        arrays: params and batch, instead of the ones that `draw` makes; floating ones are rounded to `dtype`.

    Returns:
        Each output of each stage under `"stage/output"`.  An exception in a stage is kept in `.raised[stage]`,
        and the other stages go on; what a stage prints is kept in `.printed[stage]`.

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
    settings, outputs = task.settings(size), Outputs()
    with framework_runtime.policy(device, dtype):
        for name, stage in stages_of(task, device, mode, size).items():
            try:
                model = implementation.build(framework_runtime.put(params, device, task.axes(params)), **settings)
                function = framework_runtime.wrap(functools.partial(stage_of(implementation, name), model), mode)
                with contextlib.redirect_stdout(io.StringIO()) as printed:
                    tensors = function(framework_runtime.put(batch, device, task.axes(batch)))
                if printed.getvalue():
                    outputs.printed[name] = printed.getvalue().strip()
                arrays_out = framework_runtime.get(tensors, task.axes(tensors))
                check_contract(implementation, name, stage, arrays_out, dtype)
            except Exception as error:
                outputs.raised[name] = Failure.of(error)
            else:
                outputs.update({f"{name}/{output}": arrays_out[output] for output in stage.outputs})
    return outputs


def stages_of(task: Task, device: str, mode: str, size: str) -> dict[str, Stage]:
    """The stages that run so: all of them on the CPU, eagerly, at the sizes of the exercise; elsewhere the loops."""
    all_of_them = (device, mode) == ("cpu", "eager") and size != "large"
    return {name: stage for name, stage in task.stages.items() if stage.timed or all_of_them}


def check_contract(implementation: ModuleType, name: str, stage: Stage, arrays: Arrays, dtype: str) -> None:
    """ContractError if a stage returned other names than specified, or a floating tensor of another dtype."""
    where = f"{file_of(implementation)}: {name}"
    if set(arrays) != set(stage.outputs):
        missing, extra = sorted(set(stage.outputs) - set(arrays)), sorted(set(arrays) - set(stage.outputs))
        raise ContractError(f"{where} returned other names than specified: missing {missing}, extra {extra}")
    for output, a in arrays.items():
        if np.issubdtype(a.dtype, np.floating) and a.dtype != np.dtype(dtype):
            raise ContractError(f"{where} returned {output!r} as {a.dtype} where {dtype} was asked for")
