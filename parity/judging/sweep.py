"""Run and judge many tasks in many ways: each framework in its own process, the truth in another."""

import contextlib
import importlib.util
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from queue import SimpleQueue
from typing import Any, Concatenate, ParamSpec, TypeVar

import numpy as np

from parity.frameworks.environment import FrameworkInfo, framework_info
from parity.frameworks.runtime import INSTALL, REQUIRES, skip_reason
from parity.frameworks.weights import task_with
from parity.judging.inputs import draw
from parity.judging.lesson import units_by_row
from parity.judging.noise import LIMIT, Truth, noise_units
from parity.judging.run import Failure, Outputs, run, stages_of
from parity.judging.verdict import Row, Verdict, expected, judge, vacuous
from parity.judging.worker import Worker, WorkerError
from parity.task import Arrays, Task, UsageError

P = ParamSpec("P")
T = TypeVar("T")
Workers = Mapping[str, Sequence[Worker]]  # by framework

# float64 is judged at tiny alone: its truth needs longdouble, for which BLAS has no matrix product.
JUDGED = {"tiny": ("float32", "float64"), "base": ("float32",), "large": ("float32",)}
OTHER_STAGES = "other stages run eagerly on the CPU, at tiny and base"
TIMEOUT = 600.0  # seconds for one run of one task; a compiler may take minutes
MANY = 7  # so many tasks take longer in TensorFlow than to import it in a second process


@dataclass(frozen=True)
class Job:
    """One run of one task in one framework.  The job is sent to a worker, which loads the task again."""

    name: str
    config: tuple[tuple[str, float | int | str], ...]
    framework: str
    device: str
    dtype: str
    mode: str
    size: str
    weights: str = ""  # for a task with a checkpoint
    seed: int = 0

    @classmethod
    def of(cls, task: Task, framework: str, device: str, dtype: str, mode: str, size: str, **rest: Any) -> "Job":
        return cls(task.name, tuple(task.config.items()), framework, device, dtype, mode, size, **rest)

    @property
    def task(self) -> Task:
        """The task with this configuration and these weights."""
        return task_with(self.name, self.config, self.weights)

    @property
    def way(self) -> dict[str, Any]:
        """Device, dtype, mode and size, as arguments of `run` and `judge`."""
        return {"device": self.device, "dtype": self.dtype, "mode": self.mode, "size": self.size}

    def row(self, verdict: Verdict, reason: str, output: str = "") -> Row:
        """A verdict on the whole run."""
        return Row(
            task=self.name, framework=self.framework, **self.way, output=output, units=None, verdict=verdict,
            reason=reason,
        )  # fmt: skip


@dataclass
class Result:
    """The result of a job: its verdicts, its outputs, and the truth of the outputs that differ."""

    job: Job
    rows: list[Row]
    outputs: Outputs = field(default_factory=Outputs)
    truths: dict[str, Truth] = field(default_factory=dict)
    vacuous: list[str] = field(default_factory=list)  # outputs that test nothing
    growth: dict[str, list[float | str]] = field(default_factory=dict)  # of a trajectory, the noise units of each row


@contextlib.contextmanager
def workers_of(frameworks: Iterable[str], *, tasks: int = 1) -> Iterator[Workers]:
    """The workers of each framework, for so many tasks, while the block lasts.

    For many tasks TensorFlow has two, since its trainings take longer than everything else together.
    """
    workers = {name: [Worker() for _ in range(2 if name == "tf" and tasks >= MANY else 1)] for name in frameworks}
    try:
        yield workers
    finally:
        for worker in itertools.chain(*workers.values()):
            worker.close()


def ask_frameworks(workers: Workers, *, timeout: float = TIMEOUT) -> dict[str, FrameworkInfo]:
    """What each framework offers; the workers import in parallel, and a framework's first one answers."""

    def ask(framework: str) -> FrameworkInfo:
        if importlib.util.find_spec(REQUIRES[framework]) is None:
            return FrameworkInfo(missing=f"{framework} is not installed: {INSTALL[framework]}")
        first, *others = workers[framework]
        for worker in others:
            worker.prepare(framework_info, framework, timeout=timeout)
        try:
            return first.call(framework_info, framework, timeout=timeout)
        except WorkerError as error:
            return FrameworkInfo(missing=f"{framework} cannot be imported: {error}; {INSTALL[framework]}")

    with ThreadPoolExecutor() as pool:
        asked = {framework: pool.submit(ask, framework) for framework in workers}
        try:
            return {framework: future.result() for framework, future in asked.items()}
        except BaseException:  # interrupted: closing the workers ends the threads that wait for an answer
            for worker in itertools.chain(*workers.values()):
                worker.close()
            raise


def plan(
    tasks: Sequence[Task], found: Mapping[str, FrameworkInfo], *,
    devices: Sequence[str], dtypes: Sequence[str], modes: Sequence[str], sizes: Sequence[str],
    weights: str = "", seed: int = 0,
) -> tuple[list[Job], list[Result]]:  # fmt: skip
    """The jobs that can run here, and for each other job a result with the reason.

    Raises:
        UsageError: none of the requested jobs can run; the message has every reason.
    """
    jobs, skipped = [], []
    for task, size, dtype, framework, device, mode in itertools.product(tasks, sizes, dtypes, found, devices, modes):
        weights_of = weights if task.checkpoint else ""
        job = Job.of(task, framework, device, dtype, mode, size, weights=weights_of, seed=seed)
        reason = _skip_reason(job, found[framework])
        if reason is None:
            jobs.append(job)
        else:
            skipped.append(Result(job, [job.row("unavailable", reason)]))
    if not jobs:
        reasons = dict.fromkeys(row.reason for result in skipped for row in result.rows)
        raise UsageError("none of these runs is possible here: " + "; ".join(reasons))
    # A dtype that is not judged at one size is judged at another, so it needs no row here.
    return jobs, [result for result in skipped if result.job.dtype in JUDGED[result.job.size]]


def sweep(
    jobs: Sequence[Job], workers: Workers, *,
    timeout: float = TIMEOUT, started: Callable[[Job], None] = lambda job: None,
) -> Iterator[Result]:  # fmt: skip
    """Run the jobs, the frameworks in parallel in their workers, and judge them in order.

    The inputs and the truth are computed in a worker too, since NumPy may fail or hang like any framework.
    """
    truth = Worker()
    with ExitStack() as stack:
        free = {framework: SimpleQueue[Worker]() for framework in workers}
        lanes = {name: stack.enter_context(ThreadPoolExecutor(len(some))) for name, some in workers.items()}
        # The stack closes last in, first out: waiting jobs are cancelled, then the workers end, so no lane stays busy.
        stack.callback(truth.close)
        for name, some in workers.items():
            for worker in some:
                stack.callback(worker.close)
                free[name].put(worker)
        for lane in lanes.values():
            stack.callback(lane.shutdown, wait=False, cancel_futures=True)

        def run_in_lane(job: Job, drawn: tuple[Arrays, Arrays]) -> Outputs | Failure:
            worker = free[job.framework].get()
            try:
                return _attempt(worker, _run, job, timeout, drawn)
            finally:
                free[job.framework].put(worker)

        running: list[tuple[Job, Future[Outputs | Failure] | Failure]] = []
        for _, same_inputs in itertools.groupby(jobs, key=lambda job: (job.name, job.config, job.size)):
            group = list(same_inputs)
            drawn = _attempt(truth, _draw, group[0], timeout)
            for job in group:
                if isinstance(drawn, Failure):
                    running.append((job, drawn))
                else:
                    running.append((job, lanes[job.framework].submit(run_in_lane, job, drawn)))
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
                yield replace(judged, rows=[*judged.rows, *left_out(job)], outputs=outputs)


def left_out(job: Job) -> list[Row]:
    """A row with the reason for each stage that such a run leaves out."""
    runs = stages_of(job.task, job.device, job.mode, job.size)
    return [
        job.row("unavailable", f"not a loop: {OTHER_STAGES}", stage) for stage in job.task.stages if stage not in runs
    ]


def suspects(results: Sequence[Result]) -> dict[tuple[str, str], str]:
    """By task and output, the reason to suspect NumPy's own implementation.

    The truth is NumPy's, so a fault there makes all the others differ.  If two frameworks differ from it and agree
    with one another, in noise units of that truth, NumPy is probably wrong.
    """
    reasons: dict[tuple[str, str], str] = {}
    by_inputs: dict[Any, list[Result]] = {}
    for result in results:
        job = result.job
        if job.framework != "numpy":
            by_inputs.setdefault((job.name, job.dtype, job.size), []).append(result)
    for (name, _, _), group in by_inputs.items():
        for first, second in itertools.combinations(group, 2):
            if first.job.framework == second.job.framework:
                continue
            for key in first.truths.keys() & second.truths:
                truth, one, other = first.truths[key], first.outputs.get(key), second.outputs.get(key)
                if one is None or other is None or not np.issubdtype(truth.value.dtype, np.floating):
                    continue
                units = noise_units(one, other, noise=truth.noise, peak=truth.peak)
                if units <= LIMIT:
                    witnesses = f"{first.job.framework} and {second.job.framework} agree with one another"
                    reasons.setdefault((name, key), f"{witnesses} ({units:.2g} units): suspect impl_numpy/{name}.py")
    return reasons


def _skip_reason(job: Job, info: FrameworkInfo) -> str | None:
    if info.missing:
        return info.missing
    if job.size not in job.task.sizes:
        return f"{job.name} has no size {job.size!r}"
    if job.dtype not in JUDGED[job.size]:
        return f"{job.dtype} is judged at tiny only: its truth needs longdouble, which is slow"
    reason = skip_reason(job.framework, job.device, job.mode, devices=info.devices, modes=info.modes)
    if reason is not None:
        return reason
    if not stages_of(job.task, job.device, job.mode, job.size):
        return f"{job.name} has no loop, and {OTHER_STAGES}"
    return None


def _attempt(
    worker: Worker, function: Callable[Concatenate[Job, P], T], job: Job, timeout: float,
    *args: P.args, **kwargs: P.kwargs,
) -> T | Failure:  # fmt: skip
    """The result of `function(job, ...)` in the worker, or its failure."""
    try:
        return worker.call(function, job, *args, timeout=timeout, **kwargs)
    except WorkerError as error:
        return error.failure


def _draw(job: Job) -> tuple[Arrays, Arrays]:
    return draw(job.task, job.size, seed=job.seed)


def _run(job: Job, drawn: tuple[Arrays, Arrays]) -> Outputs:
    return run(job.task, job.framework, **job.way, arrays=drawn)


def _judge(job: Job, outputs: Outputs) -> Result:
    """The verdicts and what was found on the way, without the outputs, which are at home."""
    rows = judge(job.task, job.framework, outputs, **job.way, seed=job.seed)
    bad = {row.output for row in rows if row.verdict == "differs"}
    truths = expected(job.task, job.framework, **job.way, seed=job.seed)
    return Result(
        job, rows,
        truths={key: truth for key, truth in truths.items() if key in bad},
        vacuous=vacuous(job.task, job.size, job.dtype, job.seed),
        growth=units_by_row(job.task, outputs, truths),
    )  # fmt: skip


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
