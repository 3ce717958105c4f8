"""The command `parity`."""

import dataclasses
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from parity import gather, report, show, times, times_report
from parity.frameworks.environment import Presence, environment, presences
from parity.frameworks.runtime import CUDA, Unavailable
from parity.judging.inputs import draw
from parity.judging.verdict import GOOD
from parity.judging.sweep import TIMEOUT, plan, survey
from parity.task import DEVICES, DTYPES, FRAMEWORKS, MODES, SIZES, Task, UsageError, choose
from parity.tasks import load, names
from parity.frameworks.weights import configured as configured_with
from parity.judging.worker import Worker

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)

Tasks = Annotated[list[str] | None, typer.Argument(metavar="[TASK]...", help="The tasks; all by default.")]
Frameworks = Annotated[list[str] | None, typer.Option("--framework", help="numpy, torch or tf; all by default.")]
Devices = Annotated[list[str] | None, typer.Option("--device", help="cpu or cuda; all that are here by default.")]
Dtypes = Annotated[list[str] | None, typer.Option("--dtype", help="float32 or float64; both by default.")]
Modes = Annotated[list[str] | None, typer.Option("--mode", help="eager (default), compile, graph or xla.")]
Sizes = Annotated[list[str] | None, typer.Option("--size", help="tiny, base or large; tiny and base by default.")]
Timeout = Annotated[float, typer.Option(min=1, help="Seconds that one run of one task may take.")]


def main() -> None:
    """The entry point: what cannot be done as asked is one line and exit code 2."""
    try:
        app(standalone_mode=True)
    except UsageError as error:
        Console(stderr=True, soft_wrap=True).print(f"parity: {error}", style="red", markup=False, highlight=False)
        sys.exit(2)


@app.command("list")
def list_() -> None:
    """The tasks by topic, and which frameworks, devices and modes are here."""
    console = Console()
    console.print(show.tasks_table([load(name) for name in names()]))
    workers = {framework: Worker() for framework in FRAMEWORKS}
    with console.status("asking the frameworks"):
        found = presences(workers, timeout=TIMEOUT)
    console.print(show.presence_table(found))


@app.command("show")
def show_(task: Annotated[str, typer.Argument(help="The task.")]) -> None:
    """A task: its lesson, its specification, and the three implementations side by side."""
    show.task(Console(), load(task))


@app.command()
def doctor() -> None:
    """Versions, processor, BLAS, threads, devices, precision state, and what is missing with its install command."""
    console = Console()
    with console.status("asking the frameworks"):
        found = presences({framework: Worker() for framework in FRAMEWORKS}, timeout=TIMEOUT)
    console.print(show.environment_table(environment(found)))
    console.print(show.presence_table(found))


@app.command("run")
def run_(
    tasks: Tasks = None,
    framework: Frameworks = None,
    device: Devices = None,
    dtype: Dtypes = None,
    mode: Modes = None,
    size: Sizes = None,
    json: Annotated[Path | None, typer.Option(help="Write the environment and every row to this file.")] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change the configuration of the tasks.")
    ] = None,
    weights: Annotated[str, typer.Option(help="imagenet, or a state_dict's file, for tasks with a checkpoint.")] = "",
    outputs: Annotated[bool | None, typer.Option(help="List every output; by default where one task is named.")] = None,
    values: Annotated[bool, typer.Option("--values", help="List what every output is.")] = False,
    timeout: Timeout = TIMEOUT,
) -> None:
    """Run tasks in every framework and judge them.

    Exit code 0 if all agree, 1 if something differs or an implementation fails, 2 on misuse.
    """
    start = time.perf_counter()
    console = Console()
    chosen = [configured(load(name), set_ or []) for name in dict.fromkeys(tasks or names())]
    axes = {
        "devices": known("device", device, DEVICES, default=DEVICES),
        "dtypes": known("dtype", dtype, DTYPES, default=DTYPES),
        "modes": known("mode", mode, MODES, default=("eager",)),
        "sizes": known("size", size, SIZES, default=("tiny", "base")),
    }
    pretrained = check_weights(chosen, weights)
    workers = {name: Worker() for name in known("framework", framework, FRAMEWORKS, default=FRAMEWORKS)}
    file = report.WholeFile(json) if json is not None else None
    try:
        with console.status("importing the frameworks"):
            found = presences(workers, timeout=TIMEOUT)
        insist(found, frameworks=framework or [], devices=device or [], modes=mode or [])
        jobs, results = plan(chosen, found, **axes, weights=weights)
        with _progress(console) as progress:
            bar = progress.add_task("", total=len(jobs))
            for result in survey(jobs, workers, timeout=timeout, started=lambda job: _tell(progress, bar, job)):
                results.append(result)
                progress.advance(bar)
        order = {task.name: i for i, task in enumerate(chosen)}
        results.sort(key=lambda result: order[result.job.task.name])
        rows = [row for result in results for row in result.rows]
        if file is not None:
            file.write(report.to_json({**environment(found), "weights": pretrained}, rows))
    finally:
        if file is not None:
            file.discard()
        for worker in workers.values():
            worker.close()
    if outputs or (outputs is None and len(chosen) == 1):
        console.print(report.outputs_table(results))
    if values:
        console.print(report.values_table(results))
    report.differences(console, results)
    console.print(report.summary_table(results))
    report.totals(console, results, time.perf_counter() - start)
    for name, source in pretrained.items():
        console.print(f"  weights of {name}: {source}", markup=False)
    if any(row.verdict not in (*GOOD, "unavailable") for row in rows):
        raise typer.Exit(1)


@app.command("time")
def time_(
    tasks: Tasks = None,
    framework: Frameworks = None,
    device: Annotated[list[str] | None, typer.Option(help="cpu or cuda; all that are here.")] = None,
    mode: Annotated[list[str] | None, typer.Option(help="Beside the usual NumPy and torch eager, tf graph.")] = None,
    size: Annotated[str, typer.Option(help="tiny, base or large.")] = "base",
    verdicts: Annotated[Path | None, typer.Option(help="What parity run --json wrote; else judged first.")] = None,
    output: Annotated[Path | None, typer.Option(help="Write times.parquet and times.csv into this folder.")] = None,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds that one turn may take.")] = times.TIMEOUT,
) -> None:
    """Time the loops of tasks side by side; a loop that does not agree has no time.

    Exit code 0, 1 if something fails while it is judged or timed, 2 on misuse.
    """
    console = Console()
    chosen = [load(name).name for name in dict.fromkeys(tasks or names())]
    options = ["--size", choose("size", size, SIZES)]
    options += ["--frameworks", ",".join(known("framework", framework, FRAMEWORKS, default=()))]
    options += ["--devices", ",".join(known("device", device, DEVICES, default=()))]
    options += ["--modes", ",".join(known("mode", mode, MODES, default=()))]
    options += ["--verdicts", str(verdicts.resolve())] if verdicts is not None else []
    files = {kind: report.WholeFile(output / f"times.{kind}") for kind in ("csv", "parquet")} if output else {}
    try:
        with console.status("timing"):
            measured = times.measure(chosen, options, timeout=timeout)
        if files:
            times.write(measured, files)
    finally:
        for file in files.values():
            file.discard()
    times_report.report(console, measured)
    if measured["failed"].any():
        raise typer.Exit(1)


@app.command()
def compare(
    results: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="What parity run --json, or parity time --output, wrote.")
    ],
) -> None:
    """Results, or times, of several machines or versions side by side.

    Exit code 0 if every output that they share has the same verdict, 1 if not, 2 on misuse.
    """
    if gather.are_times(results):
        Console().print(gather.times_table(gather.read_times(results)))
        return
    environments, rows = gather.read(results)
    gather.report(Console(), environments, rows)
    if not gather.differing(rows).empty:
        raise typer.Exit(1)


def known(kind: str, asked: list[str] | None, valid: tuple[str, ...], *, default: tuple[str, ...]) -> list[str]:
    """The names asked for, each once and each valid, or the default."""
    return [choose(kind, name, valid) for name in dict.fromkeys(asked or default)]


def check_weights(tasks: list[Task], weights: str) -> dict[str, str]:
    """What each task with a checkpoint is run on; UsageError if the weights cannot be had or fit none."""
    fitting = [task for task in tasks if task.checkpoint]
    if weights and not fitting:
        raise UsageError(f"--weights {weights}: none of these tasks has a checkpoint")
    for task in fitting if weights else ():
        draw(configured_with(task.name, tuple(task.config.items()), weights), "base")
    return {task.name: f"{weights} at base, seeded elsewhere" if weights else "seeded" for task in fitting}


def insist(found: dict[str, Presence], *, frameworks: list[str], devices: list[str], modes: list[str]) -> None:
    """Unavailable if a framework that was named is missing, or a device or mode that was named is in none."""
    for framework in frameworks:
        if found[framework].missing:
            raise Unavailable(found[framework].missing)
    for kind, asked in (("devices", devices), ("modes", modes)):
        for name in asked:
            if not any(name in getattr(here, kind) for here in found.values()):
                have = ", ".join(f"{fw}: {' '.join(getattr(here, kind)) or 'none'}" for fw, here in found.items())
                ways = "; ".join(f"{fw}: {CUDA[fw]}" for fw in found) if name == "cuda" else ""
                raise Unavailable(f"no framework has the {kind[:-1]} {name!r} here ({have})" + (ways and f"; {ways}"))


def configured(task: Task, settings: list[str]) -> Task:
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
    return dataclasses.replace(task, config=config) if settings else task


def _progress(console: Console) -> Progress:
    columns = (TextColumn("{task.description:40}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, transient=True)


def _tell(progress: Progress, bar: Any, job: Any) -> None:
    progress.update(bar, description=f"{job.task.name} {job.framework} {job.dtype} {job.mode} {job.size}")
