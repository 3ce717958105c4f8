"""Loops that are ready to be timed: built, compiled and warm; the clock includes only the stage."""

import contextlib
import dataclasses
import functools
import itertools
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from parity.frameworks.runtime import available, implementation_of, stage_of
from parity.judging.inputs import draw
from parity.task import Arrays, Task, cast, choose
from parity.tasks import load

USUAL = {"numpy": "eager", "torch": "eager", "tf": "graph"}  # the mode in which each framework is mostly used
WARM_UP = 3  # calls before a loop counts as warm; on CUDA the clocks and the caches take longer
WARM_UP_CUDA = 20
L2_BYTES = 2**27  # of the largest level-2 cache of a GPU; the rotating inputs fill twice as much
MOST_COPIES = 4096  # of a batch; smaller batches would need more, but fetching them costs little in a call


@dataclass(frozen=True, kw_only=True)
class Backend:
    """A framework with a mode and a device."""

    framework: str
    mode: str = "eager"
    device: str = "cpu"
    tf32: bool = False  # matrix products and convolutions on a GPU round their inputs to ten bits

    def __str__(self) -> str:
        """`torch`, `tf graph`, `torch compile cuda tf32`: eager mode and the CPU are not named."""
        return " ".join(filter(None, (
            self.framework, self.mode if self.mode != "eager" else "", self.device if self.device != "cpu" else "",
            "tf32" if self.tf32 else "",
        )))  # fmt: skip


@dataclass(frozen=True)
class WarmLoop:
    """A warm loop; `call()` runs the stage once and waits for the device."""

    call: Callable[[], object]
    build_seconds: float  # put and build
    first_seconds: float  # the first call: tracing, compiling, allocating
    examples: int  # that one call processes
    device_seconds: Callable[[], float | None]  # of a call, by the device's own events; None if it has none
    model: Any  # the result of build
    batch: Any  # the first of the batches that the calls rotate through


@contextlib.contextmanager
def warmed(
    task: Task | str, stage: str, backend: Backend, *, dtype: str = "float32", size: str = "base"
) -> Iterator[WarmLoop]:
    """A loop of a task, ready to be timed while the block lasts.

    The model is built once, with the task's `timing` configuration, and all calls use it.  The learning rate there is
    so small that the values stay finite for thousands of calls.

    Raises:
        UsageError: an unknown task or loop.
        Unavailable: a framework, device or mode that does not exist here.
    """
    task = load(task) if isinstance(task, str) else task
    choose(f"loop of {task.name}", stage, task.loops)
    device = backend.device
    runtime = available(backend.framework, device, backend.mode)
    implementation = implementation_of(task, backend.framework)
    params, batch = (cast(arrays, dtype) for arrays in draw(task, size, judged=False))
    config = {**task.settings(size), **task.timing}
    with runtime.policy(device, dtype, tf32=backend.tf32):
        start = time.perf_counter()
        model = implementation.build(runtime.put(params, device, task.axes(params)), **config)
        batches = [runtime.put(batch, device, task.axes(batch)) for _ in range(_copies(batch, device))]
        built = time.perf_counter()
        body = functools.partial(stage_of(implementation, stage), model)
        function = runtime.wrap(body if backend.mode == "eager" else handed_over(body, params), backend.mode)
        if device == "cpu":
            once: Callable[[], object] = functools.partial(function, batches[0])
            call = once
        else:
            rotating = itertools.cycle(batches)

            def once() -> object:
                return function(next(rotating))

            def call() -> object:
                outputs = once()
                runtime.sync(device)
                return outputs

        call()
        called = time.perf_counter()
        for _ in range(WARM_UP if device == "cpu" else WARM_UP_CUDA):
            call()
        yield WarmLoop(
            call, built - start, called - built, task.stages[stage].examples(task.sizes[size]),
            device_seconds=functools.partial(runtime.device_seconds, once, device), model=model, batch=batches[0],
        )  # fmt: skip


def card(backend: Backend, *, dtype: str, size: str) -> dict[str, Any]:
    """What a time depends on; every timing row includes it."""
    runtime = available(backend.framework, backend.device, backend.mode)
    return {**dataclasses.asdict(backend), "dtype": dtype, "size": size, **runtime.versions(), **runtime.settings()}


def handed_over(body: Callable[[Any], dict[str, Any]], params: Arrays) -> Callable[[Any], dict[str, Any]]:
    """A training loop that returns only what a user reads: its losses, without weights, gradients and buffers.

    In eager mode these exist anyway; a graph would copy them all out at each call.  A loop that updates no weights
    keeps its gradients, since they are its results.
    """
    suffixes = tuple(f".{name}" for name in params)  # grad.w, momentum.w, exp_avg.w

    def loop(batch: Any) -> dict[str, Any]:
        outputs = body(batch)
        if outputs.keys().isdisjoint(params):
            return outputs
        return {n: a for n, a in outputs.items() if n not in params and not n.endswith(suffixes) and n != "grad.x"}

    return loop


def _copies(batch: Arrays, device: str) -> int:
    """How many batches to rotate through: on a GPU one batch would stay in the cache and make the loop look faster."""
    if device == "cpu":
        return 1
    return min(MOST_COPIES, math.ceil(2 * L2_BYTES / max(1, sum(a.nbytes for a in batch.values()))))
