"""asv classes made from the tasks: one class a task and device, its loops, sizes and modes as parameters.

Every combination that can run anywhere is there; which ones a run takes is said with `-b`, so that a machine
without a GPU keeps the history of one that has it.
"""

import contextlib
import functools
import hashlib
import inspect
import os
import timeit
from typing import Any

from parity import judge
from parity.task import SIZES, Task, load, names
from parity.timing import Contestant, Loop, prepared

MODES = {"numpy": ("eager",), "torch": ("eager", "compile"), "tf": ("eager", "graph", "xla")}
DEVICES = ("cpu", "cuda")
DTYPE = "float32"


def suites(framework: str) -> dict[str, type]:
    """The classes of one framework, by name: `ConvBlockCpu`, `ConvBlockCuda`."""
    tasks = [task for task in map(load, names()) if task.loops]
    return {class_name(task, device): _suite(task, framework, device) for task in tasks for device in DEVICES}


def class_name(task: Task, device: str) -> str:
    """`conv_block` on the CPU is `ConvBlockCpu`."""
    return task.name.title().replace("_", "") + device.title()


def _suite(task: Task, framework: str, device: str) -> type:
    def contestant(mode: str) -> Contestant:
        return Contestant(framework=framework, mode=mode, device=device)

    def time_loop(self: object, loop: str, size: str, mode: str) -> None:
        warm(task.name, loop, contestant(mode), size).call()

    def peakmem_loop(self: object, loop: str, size: str, mode: str) -> None:
        warm(task.name, loop, contestant(mode), size).call()

    def track_noise_units(self: object, loop: str, size: str, mode: str) -> float:
        rows = judge(task, framework, device=device, dtype=DTYPE, mode=mode, size=size)
        return max(row.units or 0.0 for row in rows if row.output.startswith(f"{loop}/"))

    def track_first_call(self: object, loop: str, size: str, mode: str) -> float:
        return warm(task.name, loop, contestant(mode), size).first_seconds

    def track_throughput(self: object, loop: str, size: str, mode: str) -> float:
        ready = warm(task.name, loop, contestant(mode), size)
        calls, seconds = timeit.Timer(ready.call).autorange()
        return ready.examples * calls / seconds

    functions: dict[str, Any] = {}
    for function, what, unit in (
        (time_loop, "time", "seconds"),
        (peakmem_loop, "peak memory", "bytes"),
        (track_noise_units, "noise units", "noise units"),
        (track_first_call, "first call", "seconds"),
        (track_throughput, "throughput", "examples/s"),
    ):
        about = {"version": digest(task), "pretty_name": f"{task.name} {framework} {device}: {what}", "unit": unit}
        vars(function).update(about)
        functions[function.__name__] = function
    # No setup(): any setup makes asv time single calls, which costs 16 % bias on microsecond loops.  A quick run
    # times single calls anyway, and the first one would be the building.
    if os.environ.get("PARITY_BENCH_QUICK"):
        functions["setup"] = lambda self, loop, size, mode: warm(task.name, loop, contestant(mode), size)
    sizes = [size for size in SIZES if size in task.sizes]
    body = {"params": [list(task.loops), sizes, list(MODES[framework])], "param_names": ["loop", "size", "mode"]}
    return type(class_name(task, device), (), {**body, **functions, "__doc__": task.title, "timeout": 300})


@functools.lru_cache(maxsize=1)
def warm(task: str, loop: str, contestant: Contestant, size: str) -> Loop:
    """The warmed loop, made once a process; it stays open until the process ends."""
    return contextlib.ExitStack().enter_context(prepared(task, loop, contestant, dtype=DTYPE, size=size))


def digest(task: Task) -> str:
    """Of the specification: a changed one starts a new series, since its times and units are of something else."""
    module = inspect.getmodule(task.make)
    assert module is not None
    return hashlib.sha256(inspect.getsource(module).encode()).hexdigest()[:16]
