"""asv classes made from the tasks: one class a task and device, its loops and modes as parameters."""

import contextlib
import functools
import hashlib
import inspect
import os

THREADS = str(os.cpu_count() or 1)
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"):
    os.environ.setdefault(variable, THREADS)  # read once, when a framework is first imported
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")

from parity import judge  # noqa: E402  # after the threads are pinned
from parity.task import Task, load, names  # noqa: E402
from parity.timing import Contestant, Loop, prepared  # noqa: E402

# Which modes are compared from day to day; `compile` and `xla` take minutes to compile and run on request.
MODES = {"numpy": ("eager",), "torch": ("eager",), "tf": ("graph",)}
TRAINING = ("step", "epoch")


def suites(framework: str) -> dict[str, type]:
    """The classes of one framework, by name: `ConvBlockCpu`, `ConvBlockCuda`."""
    tasks = [load(name) for name in names()]
    return {
        _class_name(task.name, device): _suite(task, framework, device)
        for task in tasks
        for device in ("cpu", "cuda")
        if task.loops
    }


def _suite(task: Task, framework: str, device: str) -> type:
    loops, modes, sizes = task.loops, MODES[framework], [s for s in ("tiny", "base") if s in task.sizes]

    def contestant(mode: str) -> Contestant:
        return Contestant(framework=framework, mode=mode, device=device)

    def time_loop(self: object, loop: str, size: str, mode: str) -> None:
        warm(task.name, loop, contestant(mode), size).call()

    def track_noise_units(self: object, loop: str, size: str, mode: str) -> float:
        rows = judge(task, framework, device=device, dtype="float32", mode=mode, size=size)
        return max(row.units or 0.0 for row in rows if row.output.startswith(f"{loop}/"))

    track_noise_units.unit = "noise units"  # type: ignore[attr-defined]
    # No setup(): any setup makes asv time single calls, which costs 16 % bias on microsecond loops.
    body = {"params": [list(loops), sizes, list(modes)], "param_names": ["loop", "size", "mode"]}
    functions = {"time_loop": time_loop, "track_noise_units": track_noise_units}
    for function in functions.values():
        function.version = _digest(task)  # type: ignore[attr-defined]
        function.pretty_name = f"{task.name} {framework} {device} {function.__name__.partition('_')[2]}"  # type: ignore[attr-defined]
    return type(_class_name(task.name, device), (), {**body, **functions, "__doc__": task.title})


@functools.lru_cache(maxsize=1)
def warm(task: str, loop: str, contestant: Contestant, size: str) -> Loop:
    """The warmed loop, made once a process; it stays open until the process ends."""
    return contextlib.ExitStack().enter_context(prepared(task, loop, contestant, size=size))


def _class_name(task: str, device: str) -> str:
    return task.title().replace("_", "") + device.title()


def _digest(task: Task) -> str:
    """A changed specification starts a new series: its times and units are of something else."""
    module = inspect.getmodule(task.make)
    assert module is not None
    return hashlib.sha256(inspect.getsource(module).encode()).hexdigest()[:16]
