"""Run a task's implementation in one framework: the one way from a specification to numbers."""

import contextlib
import functools
import io
import re
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType

import numpy as np

from parity.frameworks.runtime import ContractError, available, file_of, implementation_of, stage_of
from parity.judging.inputs import draw
from parity.task import DTYPES, Array, Arrays, Stage, Task, cast, choose
from parity.tasks import load


@dataclass(frozen=True)
class Failure:
    """An exception as plain text, so that a process without the framework that raised it can report it."""

    classes: tuple[str, ...]  # the exception's class and its bases, nearest first
    message: str
    trace: str

    @classmethod
    def of(cls, error: BaseException) -> "Failure":
        classes = tuple(c.__name__ for c in type(error).__mro__)
        return cls(classes, str(error), "".join(traceback.format_exception(error)))

    def __str__(self) -> str:
        """The traceback's last line: the class and the first line of the message, without TensorFlow's node."""
        message = re.sub(r"\{\{.*?\}\}\s*", "", self.message).strip()
        return ": ".join(filter(None, (self.classes[0], message.partition("\n")[0])))


class Outputs(dict[str, Array]):
    """Arrays by name (`"backward/grad.weight"`), in canonical layout; `raised` and `printed` are by stage."""

    raised: dict[str, Failure]
    printed: dict[str, str]

    def __init__(self, arrays: Mapping[str, Array] | None = None) -> None:
        super().__init__(arrays or {})
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
    calls: Mapping[str, int] | None = None,
) -> Outputs:
    """Run every stage of a task in one framework, each on a freshly built model.

    Args:
        task: a task or its name.
        framework: `numpy`, `torch` or `tf`.
        device: `cpu` or `cuda`.
        dtype: `float32` or `float64`; NumPy also `longdouble`.
        mode: `eager`, `compile` (torch), `graph` or `xla` (tf).  Only the loops run
            on another device than the CPU, in another mode than eager, or at `large`.
        size: `tiny`, `base` or `large`.
        arrays: params and batch, instead of the ones that `draw` makes; floating ones are rounded to `dtype`.
        calls: by loop, how often it is called on its one model; the last call's outputs count.  The other stages
            are left out.  By default every stage is called once.

    Returns:
        Each output of each stage under `"stage/output"`.  An exception in a stage is kept in `.raised[stage]`,
        and the other stages go on; the text that a stage prints is kept in `.printed[stage]`.

    Raises:
        UsageError: an unknown name, with the nearest valid one.
        Unavailable: a framework, device or mode that does not exist here, with the command that installs it.
        ContractError: an implementation without `build`.
    """
    task = load(task) if isinstance(task, str) else task
    framework_runtime = available(framework, device, mode)
    choose("dtype", dtype, (*DTYPES, "longdouble") if framework == "numpy" else DTYPES)
    choose("size", size, task.sizes)
    params, batch = draw(task, size) if arrays is None else arrays
    params, batch = cast(params, dtype), cast(batch, dtype)
    implementation = implementation_of(task, framework)
    settings, outputs = task.settings(size), Outputs()
    with framework_runtime.policy(device, dtype):
        for name, stage in stages_of(task, device, mode, size).items():
            if calls is not None and name not in calls:
                continue
            try:
                model = implementation.build(framework_runtime.put(params, device, task.axes(params)), **settings)
                function = framework_runtime.wrap(functools.partial(stage_of(implementation, name), model), mode)
                given = framework_runtime.put(batch, device, task.axes(batch))  # once, as for a loop that is timed
                with contextlib.redirect_stdout(io.StringIO()) as printed:
                    for _ in range(1 if calls is None else calls[name]):
                        tensors = function(given)
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
    """The stages of such a run: all of them on the CPU in eager mode at `tiny` and `base`; otherwise the loops."""
    all_of_them = (device, mode) == ("cpu", "eager") and size != "large"
    return {name: stage for name, stage in task.stages.items() if stage.timed or all_of_them}


def check_contract(implementation: ModuleType, name: str, stage: Stage, arrays: Arrays, dtype: str) -> None:
    """ContractError if a stage returned other names than specified, or a floating tensor of another dtype."""
    where = f"{file_of(implementation)}: {name}"
    if set(arrays) != set(stage.outputs):
        missing, extra = sorted(set(stage.outputs) - set(arrays)), sorted(set(arrays) - set(stage.outputs))
        raise ContractError(f"{where} returned other names than specified: missing {missing}, extra {extra}")
    for output, a in arrays.items():
        if np.issubdtype(a.dtype, np.floating) and a.dtype != dtype:
            raise ContractError(f"{where} returned {output!r} as {a.dtype} instead of {dtype}")
