"""asv classes made from the tasks: one class a task and device, its loops, sizes and modes as parameters.

The classes hold every combination that can run on some machine, and `-b` chooses the combinations of a run.  So a
machine without a GPU keeps the history of a machine with one.
"""

import contextlib
import functools
import timeit
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.digest import digest
from benchmarks.history.gate import DTYPE, skip_reason
from parity import Row, draw, judge
from parity.judging.verdict import PASSING
from parity.task import SIZES, Task
from parity.tasks import load, names
from parity.timing.loop import Backend, WarmLoop, warmed

MODES = {"numpy": ("eager",), "torch": ("eager", "compile"), "tf": ("eager", "graph", "xla")}
DEVICES = ("cpu", "cuda")
OFF_THE_CHART = 1e12  # noise units, in place of infinity


def suites(framework: str) -> dict[str, type]:
    """The classes of one framework, by name: `ConvBlockCpu`, `ConvBlockCuda`."""
    tasks = [task for task in map(load, names()) if task.loops]
    return {class_name(task, device): _suite(task, framework, device) for task in tasks for device in DEVICES}


def class_name(task: Task, device: str) -> str:
    """`conv_block` on the CPU is `ConvBlockCpu`."""
    return task.name.title().replace("_", "") + device.title()


def parameters(task: Task, framework: str) -> list[list[str]]:
    """The loops, sizes and modes of a task."""
    return [list(task.loops), [size for size in SIZES if size in task.sizes], list(MODES[framework])]


def current(benchmark: str) -> dict[str, Any]:
    """asv's version and parameters of a benchmark in this checkout; empty if this checkout lacks it."""
    module, name, _ = benchmark.split(".")
    framework = module.removesuffix("_loops")
    task = _tasks_by_class().get(name)
    if task is None:
        return {}
    return {"version": version(task), "params": [list(map(repr, axis)) for axis in parameters(task, framework)]}


@functools.cache
def _tasks_by_class() -> dict[str, Task]:
    return {class_name(task, device): task for task in map(load, names()) for device in DEVICES}


def _suite(task: Task, framework: str, device: str) -> type:
    open_ = contextlib.ExitStack()  # stays open as long as the class exists: until the process ends

    @functools.cache
    def warm(loop: str, size: str, mode: str) -> WarmLoop:
        """The warm loop, made once in each process, with the precision policy of its verdict."""
        backend = Backend(framework=framework, mode=mode, device=device)
        return open_.enter_context(warmed(task, loop, backend, dtype=DTYPE, size=size))

    @functools.cache
    def refused(loop: str, size: str, mode: str) -> str:
        return skip_reason(task.name, framework, device, loop, size, mode)

    before = Before(refused, warm)

    def time_loop(self: object, loop: str, size: str, mode: str) -> None:
        before.ready.call()

    def peakmem_loop(self: object, loop: str, size: str, mode: str) -> None:
        before.ready.call()

    def track_noise_units(self: object, loop: str, size: str, mode: str) -> float:
        return worst_units(judge(task, framework, device=device, dtype=DTYPE, mode=mode, size=size, loop=loop))

    def track_first_call(self: object, loop: str, size: str, mode: str) -> float:
        return before.ready.first_seconds

    def track_throughput(self: object, loop: str, size: str, mode: str) -> float:
        calls, seconds = timeit.Timer(before.ready.call).autorange()
        return before.ready.examples * calls / seconds

    functions: dict[str, Any] = {}
    for function, what, unit in (
        (time_loop, "time", "seconds"),
        (peakmem_loop, "peak memory", "bytes"),
        (track_noise_units, "noise units", "noise units"),
        (track_first_call, "first call", "seconds"),
        (track_throughput, "throughput", "examples/s"),
    ):
        about = {"pretty_name": f"{task.name} {framework} {device}: {what}", "unit": unit}
        vars(function).update(about, skip_params=() if function is track_noise_units else before)
        functions[function.__name__] = function
    body = {"params": parameters(task, framework), "param_names": ["loop", "size", "mode"]}
    body["version"] = property(lambda self: version(task))  # computed only when asv asks for it, since inputs are drawn
    return type(class_name(task, device), (), {**body, **functions, "__doc__": task.title, "timeout": 300})


class Before:
    """Makes a loop warm before asv's clock starts, if its outputs agree, and skips nothing.

    Before asv runs a combination of parameters, in a separate process, it asks whether the combination is among those
    to skip.  Only this place works.  Any setup() makes asv time single calls, which gives microsecond loops a bias of
    16 %.  So does a first call that builds the loop, since asv derives from it how many calls fill a sample.

    A loop whose outputs disagree fails, with the reason: asv has no reasons for what it skips.
    """

    ready: WarmLoop

    def __init__(self, refused: Callable[[str, str, str], str], warm: Callable[[str, str, str], WarmLoop]) -> None:
        self._refused, self._warm = refused, warm

    def __contains__(self, parameters: tuple[str, str, str]) -> bool:
        if reason := self._refused(*parameters):
            raise RuntimeError(reason)
        self.ready = self._warm(*parameters)
        return False


def worst_units(rows: Sequence[Row]) -> float:
    """The worst noise units of a loop's outputs; `OFF_THE_CHART` if infinite, as asv's graphs have no infinity.

    Raises:
        RuntimeError: the loop raised or cannot be judged (the message has the reason), or no output was judged.
    """
    if not rows:
        raise RuntimeError("none of its outputs was judged")
    for row in rows:
        if row.verdict not in (*PASSING, "differs"):
            raise RuntimeError(f"{row.output}: {row.verdict}: {row.reason}")
    return min(OFF_THE_CHART, max(row.units or 0.0 for row in rows))


@functools.cache
def version(task: Task) -> str:
    """asv's version of a task's benchmarks: a change in what is timed starts a new series."""
    return digest(task, draw)
