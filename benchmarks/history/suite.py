"""asv classes made from the tasks: one class a task and device, its loops, sizes and modes as parameters.

Every combination that can run anywhere is there; which ones a run takes is said with `-b`, so that a machine
without a GPU keeps the history of one that has it.
"""

import contextlib
import functools
import timeit
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.digest import digest
from parity import Row, draw, judge
from parity.judging.verdict import PASSING
from parity.task import SIZES, Task
from parity.tasks import load, names
from parity.timing.loop import Backend, WarmLoop, warmed

MODES = {"numpy": ("eager",), "torch": ("eager", "compile"), "tf": ("eager", "graph", "xla")}
DEVICES = ("cpu", "cuda")
DTYPE = "float32"
OFF_THE_CHART = 1e12  # noise units


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
    """asv's version and parameters of a benchmark as they are here; nothing of one that is not here."""
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
    open_ = contextlib.ExitStack()  # as long as the class is there: until the process ends

    @functools.cache
    def warm(loop: str, size: str, mode: str) -> WarmLoop:
        """The warm loop, made once a process, with the precision policy that it was judged with."""
        backend = Backend(framework=framework, mode=mode, device=device)
        return open_.enter_context(warmed(task, loop, backend, dtype=DTYPE, size=size))

    before = Before(warm)

    def time_loop(self: object, loop: str, size: str, mode: str) -> None:
        before.ready.call()

    def peakmem_loop(self: object, loop: str, size: str, mode: str) -> None:
        before.ready.call()

    def track_noise_units(self: object, loop: str, size: str, mode: str) -> float:
        rows = judge(task, framework, device=device, dtype=DTYPE, mode=mode, size=size)
        return worst_units([row for row in rows if row.output.partition("/")[0] == loop])

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
    body["version"] = property(lambda self: version(task))  # when asv asks for it: inputs are drawn
    return type(class_name(task, device), (), {**body, **functions, "__doc__": task.title, "timeout": 300})


class Before:
    """Makes a loop warm before asv's clock starts, and skips nothing.

    asv asks whether a combination of parameters is among those to be skipped before it runs it, each in a process of
    its own.  That is the one place: any setup() makes it time single calls, which costs 16 % bias on microsecond
    loops, and so does a first call that builds the loop, since asv takes from that how many calls fill a sample.
    """

    ready: WarmLoop

    def __init__(self, warm: Callable[[str, str, str], WarmLoop]) -> None:
        self._warm = warm

    def __contains__(self, parameters: tuple[str, str, str]) -> bool:
        self.ready = self._warm(*parameters)
        return False


def worst_units(rows: Sequence[Row]) -> float:
    """The worst noise units of a loop's outputs; infinite ones are `OFF_THE_CHART`: asv's graphs have no infinity.

    Raises:
        RuntimeError: the loop raised, or cannot be judged: with its reason; or nothing of it was judged.
    """
    if not rows:
        raise RuntimeError("none of its outputs was judged")
    for row in rows:
        if row.verdict not in (*PASSING, "differs"):
            raise RuntimeError(f"{row.output}: {row.verdict}: {row.reason}")
    return min(OFF_THE_CHART, max(row.units or 0.0 for row in rows))


@functools.cache
def version(task: Task) -> str:
    """asv's version of a task's benchmarks: what is timed changed, and so a new series starts."""
    return digest(task, draw)
