"""Run and judge many tasks in many ways: each framework in its own process, the truth in this one."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import product
from typing import Any, TypeVar

import numpy as np

from parity.frameworks.environment import Presence
from parity.frameworks.runtime import refusal
from parity.judging.inputs import draw
from parity.judging.verdict import Row, Verdict, expected, judge
from parity.judging.noise import Truth
from parity.judging.run import Failure, Outputs, run, stages_of
from parity.task import Arrays, Task, UsageError
from parity.frameworks.weights import configured
from parity.judging.worker import Worker, WorkerError

T = TypeVar("T")

# float64's truth is longdouble, which has no matrix product in BLAS: it is judged at the small sizes alone.
JUDGED = {"tiny": ("float32", "float64"), "base": ("float32",), "large": ("float32",)}
OTHER_STAGES = "other stages run eagerly on the CPU, at tiny and base"
TIMEOUT = 600.0  # seconds for one run of one task; a compiler may take minutes


@dataclass(frozen=True)
class Job:
    """One run: of one task, in one framework, in one way."""

    task: Task
    framework: str
    device: str
    dtype: str
    mode: str
    size: str
    weights: str = ""  # of a task that has a checkpoint

    def row(self, verdict: Verdict, reason: str, output: str = "") -> Row:
        """A verdict on the whole run."""
        return Row(
            task=self.task.name, framework=self.framework, device=self.device, dtype=self.dtype, mode=self.mode,
            size=self.size, output=output, units=None, verdict=verdict, reason=reason,
        )  # fmt: skip


@dataclass
class Result:
    """What came of a job: its verdicts, its outputs, and the truth that they were judged by."""

    job: Job
    rows: list[Row]
    outputs: Outputs = field(default_factory=Outputs)
    truths: dict[str, Truth] = field(default_factory=dict)


def plan(
    tasks: Sequence[Task], found: dict[str, Presence], *,
    devices: Sequence[str], dtypes: Sequence[str], modes: Sequence[str], sizes: Sequence[str], weights: str = "",
) -> tuple[list[Job], list[Result]]:  # fmt: skip
    """The jobs that can run here, and a result that says why for each that cannot.

    Raises:
        UsageError: nothing of what was asked for can run; the message has every reason.
    """
    jobs, refused = [], []
    for task, size, dtype, framework, device, mode in product(tasks, sizes, dtypes, found, devices, modes):
        job = Job(task, framework, device, dtype, mode, size, weights if task.checkpoint else "")
        reason = _refusal(job, found[framework])
        if reason is None:
            jobs.append(job)
        else:
            refused.append(Result(job, [job.row("unavailable", reason)]))
    if not jobs:
        reasons = dict.fromkeys(row.reason for result in refused for row in result.rows)
        raise UsageError("nothing of this can run here: " + "; ".join(reasons))
    # A dtype that is not judged at a size is no gap in what was asked for: the other sizes judge it.
    return jobs, [result for result in refused if result.job.dtype in JUDGED[result.job.size]]


def survey(
    jobs: Sequence[Job], workers: dict[str, Worker], *,
    timeout: float = TIMEOUT, started: Callable[[Job], None] = lambda job: None,
) -> Iterator[Result]:  # fmt: skip
    """Run the jobs, each framework in its worker beside the others, and judge them in order.

    The inputs and the truth are computed in a worker too, since NumPy may fail or hang like any contestant.
    """
    truth = Worker()
    with ExitStack() as stack:
        frameworks = {job.framework for job in jobs}
        lanes = {framework: stack.enter_context(ThreadPoolExecutor(1)) for framework in frameworks}
        # Last in, first out: when the caller stops, what waits is cancelled and the workers end; no lane is left busy.
        for worker in (truth, *workers.values()):
            stack.callback(worker.close)
        for lane in lanes.values():
            stack.callback(lane.shutdown, wait=False, cancel_futures=True)
        running: list[tuple[Job, Future[Outputs | Failure] | Failure]] = []
        draws: dict[tuple[Task, str], tuple[Arrays, Arrays] | Failure] = {}
        for job in jobs:
            key = job.task, job.size
            if key not in draws:
                draws = {key: _attempt(truth, _draw, job, timeout)}  # the jobs of a task and size stand together
            drawn = draws[key]
            if isinstance(drawn, Failure):
                running.append((job, drawn))
            else:
                lane, worker = lanes[job.framework], workers[job.framework]
                running.append((job, lane.submit(_attempt, worker, _run, job, timeout, drawn)))
        for job, future in running:
            started(job)
            outputs = future.result() if isinstance(future, Future) else future
            if isinstance(outputs, Failure):
                yield Result(job, [job.row("error", str(outputs))])
                continue
            judged = _attempt(truth, _judge, job, timeout, outputs)
            if isinstance(judged, Failure):
                yield Result(job, [job.row("error", f"no truth: {judged}")])
            else:
                yield Result(job, [*judged[0], *left_out(job)], outputs, judged[1])


def _refusal(job: Job, here: Presence) -> str | None:
    if here.missing:
        return here.missing
    if job.size not in job.task.sizes:
        return f"{job.task.name} has no size {job.size!r}"
    if job.dtype not in JUDGED[job.size]:
        return f"{job.dtype} is judged at tiny only: its truth needs longdouble, which is slow"
    reason = refusal(job.framework, job.device, job.mode, devices=here.devices, modes=here.modes)
    if reason is not None:
        return reason
    if not stages_of(job.task, job.device, job.mode, job.size):
        return f"{job.task.name} has no loop, and {OTHER_STAGES}"
    return None


def left_out(job: Job) -> list[Row]:
    """A row with the reason for each stage that does not run so."""
    runs = stages_of(job.task, job.device, job.mode, job.size)
    return [job.row("unavailable", f"no loop: {OTHER_STAGES}", stage) for stage in job.task.stages if stage not in runs]


def _attempt(worker: Worker, function: Callable[..., T], job: Job, timeout: float, *args: Any) -> T | Failure:
    """`function` of the job in the worker.  A task travels as its name: functions are not pickled by value."""
    how = {"device": job.device, "dtype": job.dtype, "mode": job.mode, "size": job.size}
    what = job.task.name, tuple(job.task.config.items()), job.weights
    try:
        return worker.call(function, what, job.framework, how, *args, timeout=timeout)
    except WorkerError as error:
        return error.failure


def _draw(what: Any, framework: str, how: Any) -> tuple[Arrays, Arrays]:
    return draw(configured(*what), how["size"])


def _run(what: Any, framework: str, how: Any, drawn: tuple[Arrays, Arrays]) -> Outputs:
    return run(configured(*what), framework, **how, arrays=drawn)


def _judge(what: Any, framework: str, how: Any, outputs: Outputs) -> tuple[list[Row], dict[str, Truth]]:
    task = configured(*what)
    rows = judge(task, framework, outputs, **how)
    bad = {row.output for row in rows if row.verdict == "differs"}
    truths = expected(task, framework, **how) if bad else {}
    return rows, {key: truth for key, truth in truths.items() if key in bad}


def worst_elements(result: Result, key: str, *, count: int = 3) -> list[tuple[int, ...]]:
    """The indices of the elements of an output that are furthest from its truth, worst first."""
    output, truth = result.outputs.get(key), result.truths.get(key)
    if output is None or truth is None or output.shape != truth.value.shape:
        return []
    with np.errstate(invalid="ignore"):
        error = np.abs(output.astype(np.longdouble) - truth.value)
    error = np.where(np.isnan(error), np.where(output == truth.value, 0, np.inf), error)
    order = np.argsort(-error, axis=None, kind="stable")[:count]
    return [tuple(int(i) for i in np.unravel_index(flat, output.shape)) for flat in order if error.flat[flat] > 0]
