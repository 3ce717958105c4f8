"""`parity run`: from a request to a report, a file and an exit code."""

import dataclasses
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn

from parity.files import WholeFile
from parity.frameworks import threads
from parity.frameworks.environment import FrameworkInfo, environment
from parity.frameworks.runtime import CUDA, Unavailable
from parity.frameworks.weights import task_with
from parity.judging import report, results
from parity.judging.inputs import draw
from parity.judging.shown import is_own, lesson_of, show_task
from parity.judging.sweep import Job, Result, ask_frameworks, plan, suspects, sweep, workers_of
from parity.judging.verdict import PASSING
from parity.tables import paragraph
from parity.task import DEVICES, DTYPES, FRAMEWORKS, Task, UsageError, choose
from parity.tasks import load


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request; an empty field stands for everything that exists here, or for the usual choice."""

    tasks: Sequence[str]
    frameworks: Sequence[str] = ()
    devices: Sequence[str] = ()
    dtypes: Sequence[str] = ()
    modes: Sequence[str] = ()
    sizes: Sequence[str] = ()
    settings: Sequence[str] = ()  # KEY=VALUE, for the tasks' configuration
    weights: str = ""
    seed: int = 0
    timeout: float = 600.0


def run(asked: Asked, console: Console, file: WholeFile | None, *, named: bool, outputs: bool, values: bool,
    notes: Callable[[Task], Iterable[str]] = lambda task: (),
) -> int:  # fmt: skip
    """Run and judge, print and write the results, and return the exit code.

    Args:
        named: the tasks were named, so print what each exercise says to.
        outputs: list the noise units of every output.
        notes: further lines on a task that was named.
        values: list the value of every output.

    Raises:
        UsageError: something in the request does not exist or cannot run here.
    """
    start = time.perf_counter()
    tasks = [with_settings(load(name), asked.settings) for name in asked.tasks]
    weights = weights_of(tasks, asked.weights)
    frameworks = asked.frameworks or FRAMEWORKS
    with ExitStack() as stack:
        workers = stack.enter_context(workers_of(frameworks, tasks=len(tasks)))
        # They run beside one another, and the truth's too: more threads than cores would be in each other's way.
        stack.enter_context(threads.pinned(sharing=sum(map(len, workers.values())) + 1))
        with console.status("importing the frameworks"):
            infos = ask_frameworks(workers, timeout=asked.timeout)
        check_available(infos, asked)
        jobs, skipped = plan(
            tasks, infos, devices=asked.devices or DEVICES, dtypes=asked.dtypes or DTYPES,
            modes=asked.modes or ("eager",), sizes=asked.sizes or ("tiny", "base"), weights=asked.weights,
            seed=asked.seed,
        )  # fmt: skip
        judged = _judged(jobs, workers, asked.timeout, console)
    order = {task.name: place for place, task in enumerate(tasks)}
    ordered = sorted([*skipped, *judged], key=lambda result: order[result.job.name])
    rows = [row for result in ordered for row in result.rows]
    if file is not None:
        about = {**environment(infos), "weights": weights, "seed": asked.seed, "settings": asked.settings}
        own = [result for result in ordered if is_own(result)]
        torch = {result.job.name: result.outputs for result in own if result.job.framework == "torch"}
        lessons = [lesson_of(result, torch.get(result.job.name)) for result in own]
        file.write(results.to_json(about, rows, lessons))
    for task in tasks if named else ():
        show_task(console, task, ordered)
        lines = list(notes(task))
        if lines:
            console.print("\nAs it comes in a user's own code, unaligned:")
        for line in lines:
            console.print(paragraph(line, console.width - 1), style="dim", markup=False, highlight=False)
    if named:
        console.print()
    if outputs:
        console.print(report.outputs_table(ordered))
    if values:
        console.print(report.values_table(ordered))
    report.differences(console, ordered, suspects(ordered))
    console.print(report.summary_table(ordered))
    report.totals(console, ordered, time.perf_counter() - start)
    for name, source in weights.items():
        console.print(f"  weights of {name}: {source}", markup=False)
    return int(any(row.verdict not in (*PASSING, "unavailable") for row in rows))


def with_settings(task: Task, settings: Sequence[str]) -> Task:
    """The task with `KEY=VALUE` settings in its configuration; a value gets the type of the one it replaces."""
    config: dict[str, Any] = dict(task.config)
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals:
            raise UsageError(f"{setting!r} is not a setting; write KEY=VALUE")
        choose(f"setting of {task.name}", key, config or ["(none)"])
        try:
            config[key] = type(config[key])(value)
        except ValueError as error:
            raise UsageError(f"{key} of {task.name} is a {type(config[key]).__name__}, not {value!r}") from error
        least, most = task.limits.get(key, (-math.inf, math.inf))
        if isinstance(config[key], float | int) and not (math.isfinite(config[key]) and least <= config[key] <= most):
            raise UsageError(f"{key} of {task.name} lies between {least:g} and {most:g}; {value} does not")
    return dataclasses.replace(task, config=config) if settings else task


def weights_of(tasks: Sequence[Task], weights: str) -> dict[str, str]:
    """The source of the weights, by task with a checkpoint; UsageError if they cannot be obtained or fit no task."""
    fitting = [task for task in tasks if task.checkpoint]
    if weights and not fitting:
        raise UsageError(f"--weights {weights}: none of these tasks has a checkpoint")
    for task in fitting if weights else ():
        draw(task_with(task.name, tuple(task.config.items()), weights), "base")
    return {task.name: f"{weights} at base, seeded elsewhere" if weights else "seeded" for task in fitting}


def check_available(found: Mapping[str, FrameworkInfo], asked: Asked) -> None:
    """Unavailable if a requested framework is missing, or if no framework has a requested device or mode."""
    for framework in asked.frameworks:
        if found[framework].missing:
            raise Unavailable(found[framework].missing)
    for kind, names in (("devices", asked.devices), ("modes", asked.modes)):
        for name in names:
            if not any(name in getattr(info, kind) for info in found.values()):
                have = ", ".join(f"{fw}: {' '.join(getattr(info, kind)) or 'none'}" for fw, info in found.items())
                remedies = "; ".join(f"{fw}: {CUDA[fw]}" for fw in found) if name == "cuda" else ""
                raise Unavailable(
                    f"no framework has the {kind[:-1]} {name!r} here ({have})" + (remedies and f"; {remedies}")
                )


def _judged(jobs: Sequence[Job], workers: Any, timeout: float, console: Console) -> list[Result]:
    columns = ("{task.description:40}", BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("", total=len(jobs))

        def started(job: Job) -> None:
            progress.update(bar, description=f"{job.name} {job.framework} {job.dtype} {job.mode} {job.size}")

        judged = []
        for result in sweep(jobs, workers, timeout=timeout, started=started):
            judged.append(result)
            progress.advance(bar)
    return judged
