"""`parity run`: from what was asked to a report, a file and an exit code."""

import dataclasses
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from parity.files import WholeFile
from parity.frameworks.environment import FrameworkInfo, environment
from parity.frameworks.runtime import CUDA, Unavailable
from parity.frameworks.weights import task_with
from parity.judging import report, results
from parity.judging.inputs import draw
from parity.judging.shown import is_own, lesson_of, show_task
from parity.judging.sweep import Job, Result, ask_frameworks, plan, suspects, sweep, workers_of
from parity.judging.verdict import PASSING
from parity.task import DEVICES, DTYPES, FRAMEWORKS, Task, UsageError, choose
from parity.tasks import load


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What somebody asked for; an empty axis is everything that is here, or the usual."""

    tasks: Sequence[str]
    frameworks: Sequence[str] = ()
    devices: Sequence[str] = ()
    dtypes: Sequence[str] = ()
    modes: Sequence[str] = ()
    sizes: Sequence[str] = ()
    settings: Sequence[str] = ()  # KEY=VALUE, of the tasks' configuration
    weights: str = ""
    seed: int = 0
    timeout: float = 600.0


def run(asked: Asked, console: Console, file: WholeFile | None, *, named: bool, outputs: bool, values: bool,
    notes: Callable[[Task], Iterable[str]] = lambda task: (),
) -> int:  # fmt: skip
    """Run and judge, show and write what came of it; the exit code.

    Args:
        named: whether the tasks were named, and so what their exercises print is wanted.
        outputs: list the noise units of every output.
        notes: what else there is to say of a task that was named.
        values: list what every output is.

    Raises:
        UsageError: what was asked for does not exist or cannot run here.
    """
    start = time.perf_counter()
    tasks = [with_settings(load(name), asked.settings) for name in asked.tasks]
    weights = weights_of(tasks, asked.weights)
    with workers_of(asked.frameworks or FRAMEWORKS) as workers:
        with console.status("importing the frameworks"):
            found = ask_frameworks(workers, timeout=asked.timeout)
        check_available(found, asked)
        jobs, skipped = plan(
            tasks, found, devices=asked.devices or DEVICES, dtypes=asked.dtypes or DTYPES,
            modes=asked.modes or ("eager",), sizes=asked.sizes or ("tiny", "base"), weights=asked.weights,
            seed=asked.seed,
        )  # fmt: skip
        judged = _judged(jobs, workers, asked.timeout, console)
    order = {task.name: place for place, task in enumerate(tasks)}
    came = sorted([*skipped, *judged], key=lambda result: order[result.job.name])
    rows = [row for result in came for row in result.rows]
    if file is not None:
        about = {**environment(found), "weights": weights, "seed": asked.seed, "settings": list(asked.settings)}
        file.write(results.to_json(about, rows, [lesson_of(result) for result in came if is_own(result)]))
    for task in tasks if named else ():
        show_task(console, task, came)
        for note in notes(task):
            console.print(note, style="dim", markup=False, highlight=False)
    if outputs:
        console.print(report.outputs_table(came))
    if values:
        console.print(report.values_table(came))
    report.differences(console, came, suspects(came))
    console.print(report.summary_table(came))
    report.totals(console, came, time.perf_counter() - start)
    for name, source in weights.items():
        console.print(f"  weights of {name}: {source}", markup=False)
    return int(any(row.verdict not in (*PASSING, "unavailable") for row in rows))


def with_settings(task: Task, settings: Sequence[str]) -> Task:
    """The task with `KEY=VALUE` settings in its configuration; a value takes the type of the one that it replaces."""
    config: dict[str, Any] = dict(task.config)
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals:
            raise UsageError(f"{setting!r} is no setting; write KEY=VALUE")
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
    """What each task with a checkpoint is run on; UsageError if the weights cannot be had or fit none."""
    fitting = [task for task in tasks if task.checkpoint]
    if weights and not fitting:
        raise UsageError(f"--weights {weights}: none of these tasks has a checkpoint")
    for task in fitting if weights else ():
        draw(task_with(task.name, tuple(task.config.items()), weights), "base")
    return {task.name: f"{weights} at base, seeded elsewhere" if weights else "seeded" for task in fitting}


def check_available(found: Mapping[str, FrameworkInfo], asked: Asked) -> None:
    """Unavailable if a framework that was named is missing, or a device or mode that was named is in none."""
    for framework in asked.frameworks:
        if found[framework].missing:
            raise Unavailable(found[framework].missing)
    for kind, names in (("devices", asked.devices), ("modes", asked.modes)):
        for name in names:
            if not any(name in getattr(here, kind) for here in found.values()):
                have = ", ".join(f"{fw}: {' '.join(getattr(here, kind)) or 'none'}" for fw, here in found.items())
                ways = "; ".join(f"{fw}: {CUDA[fw]}" for fw in found) if name == "cuda" else ""
                raise Unavailable(f"no framework has the {kind[:-1]} {name!r} here ({have})" + (ways and f"; {ways}"))


def _judged(jobs: Sequence[Job], workers: Any, timeout: float, console: Console) -> list[Result]:
    columns = (TextColumn("{task.description:40}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task("", total=len(jobs))

        def started(job: Job) -> None:
            progress.update(bar, description=f"{job.name} {job.framework} {job.dtype} {job.mode} {job.size}")

        found = []
        for result in sweep(jobs, workers, timeout=timeout, started=started):
            found.append(result)
            progress.advance(bar)
    return found
