"""Neural-network exercises in NumPy, PyTorch and TensorFlow/Keras, proven to compute the same numbers.

Exit codes of every command: 0 success, 1 a difference or failure was found, 2 it could not be done or decided.
"""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from parity.task import DEVICES, DTYPES, FRAMEWORKS, MODES, SIZES, UsageError, choose, framework_named
from parity.tasks import load, names

if TYPE_CHECKING:
    from parity.frameworks.environment import FrameworkInfo

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)

Tasks = Annotated[list[str] | None, typer.Argument(metavar="[TASK]...", help="The tasks; all by default.")]
Frameworks = Annotated[list[str] | None, typer.Option("--framework", help="numpy, torch or tf; all by default.")]
Devices = Annotated[list[str] | None, typer.Option("--device", help="cpu or cuda; all that exist here by default.")]
Timeout = Annotated[float, typer.Option(min=1, help="The most seconds for one run of a task, or one turn.")]
STANDARD_OUTPUT = Path("-")


class Terminal(Console):
    """A console that reports a closed pipe in one line, like every other error."""

    def on_broken_pipe(self) -> NoReturn:
        raise BrokenPipeError(0, "the reader closed the pipe")  # typer would end silently at errno EPIPE


def run() -> int:
    """Run the command line and return the exit code; a UsageError is printed in one line."""
    try:
        app()
    except UsageError as error:
        Console(stderr=True, soft_wrap=True).print(f"parity: {error}", style="red", markup=False, highlight=False)
        return 2
    return 0


def _version(asked: bool) -> None:
    if asked:
        from parity.frameworks.environment import parity_version

        print(f"parity {parity_version()}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[bool, typer.Option("--version", is_eager=True, callback=_version, help="The version.")] = False,
) -> None:
    pass


@app.command("list")
def list_() -> None:
    """List the tasks by topic, and the frameworks that are installed; parity doctor asks them for devices and modes."""
    from parity import show
    from parity.frameworks.environment import installed

    console = Terminal()
    show.tasks(console, [load(name) for name in names()])
    for framework, versions in installed().items():
        console.print(f"[bold]{framework}[/] {escape(versions)}", highlight=False)


@app.command("show")
def show_(name: Annotated[str, typer.Argument(help="A task, a divergence, or a word from either.")]) -> None:
    """Show a task (lesson, specification and three implementations) or a divergence, by name or by a word."""
    from parity import show

    show.whatever(Terminal(), name)


@app.command()
def doctor() -> None:
    """Show versions, processor, BLAS, threads, devices, precision, missing packages, and how quiet the machine is."""
    from parity import show
    from parity.frameworks.environment import environment
    from parity.timing import quiet

    console = Terminal()
    frameworks = _ask(console)
    console.print(show.environment_table(environment(frameworks)))
    console.print(show.frameworks_table(frameworks))
    quiet.say(console)


@app.command("run")
def run_(
    tasks: Tasks = None,
    framework: Frameworks = None,
    device: Devices = None,
    dtype: Annotated[list[str] | None, typer.Option(help="float32 or float64; both by default.")] = None,
    mode: Annotated[list[str] | None, typer.Option(help="eager (default), compile, graph or xla.")] = None,
    size: Annotated[list[str] | None, typer.Option(help="tiny, base or large; tiny and base by default.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Draw other inputs for the same tasks.")] = 0,
    json: Annotated[Path | None, typer.Option(help="Write the environment and all rows here; - is stdout.")] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change the configuration of the tasks.")
    ] = None,
    weights: Annotated[str, typer.Option(help="imagenet or a state_dict file, for tasks with a checkpoint.")] = "",
    outputs: Annotated[bool, typer.Option("--outputs", help="List the noise units of every output.")] = False,
    values: Annotated[bool, typer.Option("--values", help="List the value of every output.")] = False,
    timeout: Timeout = 600.0,
) -> None:
    """Run tasks in every framework and judge them.

    Exit code 0 if all agree, 1 if something differs or an implementation fails, 2 on misuse.
    """
    from parity.divergences import catalogue
    from parity.divergences.report import as_it_comes
    from parity.files import WholeFile
    from parity.judging import command

    asked = command.Asked(
        tasks=_tasks(tasks), frameworks=_frameworks(framework), devices=_each("device", device, DEVICES),
        dtypes=_each("dtype", dtype, DTYPES), modes=_each("mode", mode, MODES), sizes=_each("size", size, SIZES),
        settings=tuple(set_ or ()), weights=weights, seed=seed, timeout=timeout,
    )  # fmt: skip
    file = WholeFile(json) if json is not None else None
    console = Terminal(stderr=json == STANDARD_OUTPUT)
    code = command.run(
        asked, console, file, named=bool(tasks), outputs=outputs, values=values,
        notes=lambda task: [as_it_comes(catalogue()[name]) for name in task.aligns],
    )  # fmt: skip
    raise typer.Exit(code)


@app.command("time")
def time_(
    tasks: Tasks = None,
    framework: Frameworks = None,
    device: Devices = None,
    mode: Annotated[
        list[str] | None, typer.Option(help="Besides the usual ones: NumPy and torch eager, tf graph.")
    ] = None,
    size: Annotated[str, typer.Option(help="tiny, base or large.")] = "base",
    tf32: Annotated[
        bool, typer.Option("--tf32", help="On a GPU, once more with TF32; the verdicts are those without it.")
    ] = False,
    threads: Annotated[
        list[str] | None, typer.Option(metavar="N|all", help="Of every framework at once; several are compared.")
    ] = None,
    verdicts: Annotated[
        Path | None, typer.Option(help="A file of parity run --json; else loops are judged first.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(help="Write times.parquet and times.csv into this folder; killed, the same command goes on."),
    ] = None,
    json: Annotated[Path | None, typer.Option(help="Write all rows here, for other programs; - is stdout.")] = None,
    timeout: Timeout = 600.0,
) -> None:
    """Time the loops of tasks side by side; a loop whose outputs disagree is not timed.

    Exit code 0 on success, 1 if something fails while it is judged or timed, 2 on misuse.
    """
    from parity.files import WholeFile
    from parity.frameworks.threads import number_of
    from parity.judging import results
    from parity.timing import measure, quiet, report

    counts = list(dict.fromkeys(number_of(asked) for asked in threads or ()))
    options = ["--size", choose("size", size, SIZES), "--frameworks", ",".join(_frameworks(framework))]
    options += [
        "--devices",
        ",".join(_each("device", device, DEVICES)),
        "--modes",
        ",".join(_each("mode", mode, MODES)),
    ]
    options += ["--tf32"] * tf32
    if verdicts is not None:
        results.read(verdicts)  # a file that cannot be read is said before the machine is watched
        options += ["--verdicts", str(verdicts.resolve())]
    files = measure.files_in(output) if output is not None else None
    file = WholeFile(json) if json is not None else None
    console = Terminal(stderr=json == STANDARD_OUTPUT)
    named = _tasks(tasks)
    kept = measure.unfinished(output, [*named, *options], counts) if output is not None else None
    quiet.say(console)
    if kept is not None and kept.exists():
        console.print(f"continuing what was not finished, in {kept}", markup=False, highlight=False)
    with console.status("timing"):
        measured = measure.measure(named, options, counts=counts, timeout=timeout, kept=kept)
    if files is not None:
        measure.write_times(measured, files)
    if file is not None:
        file.write(measure.to_json(measured))
    if kept is not None:
        shutil.rmtree(kept)
    report.print_times(console, measured)
    raise typer.Exit(int(measured["failed"].any()))


@app.command()
def divergences(
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[AREA | NAME | WORD]...", help="All by default; words are searched.")
    ] = None,
    for_: Annotated[
        str | None,
        typer.Option("--for", metavar="APIS|FILE", help="A checklist for these APIs, or for a file that uses them."),
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Measure them; exit code 1 if one no longer holds.")] = False,
    json: Annotated[Path | None, typer.Option(help="Measure them, and write what was found here; - is stdout.")] = None,
) -> None:
    """What PyTorch, TensorFlow/Keras and NumPy do differently: search it, read it, run it.

    Exit code 0, 1 if an entry that was measured no longer holds, 2 if there is none.
    """
    from parity.divergences import command
    from parity.files import WholeFile

    found = command.chosen(words or [], for_)
    file = WholeFile(json) if json is not None else None
    console = Terminal(stderr=json == STANDARD_OUTPUT)
    if check or file is not None:
        from parity.divergences.check import check_all

        raise typer.Exit(check_all(console, found, file.write if file is not None else None))
    if for_ is None and (len(found) == 1 or command.named(words or [])):
        from parity.divergences.check import full

        for entry in found:
            full(console, entry)
    elif for_ is not None:
        command.checklist(console, found, for_)
    else:
        command.index(console, found)


@app.command()
def site(
    results: Annotated[Path, typer.Option(help="The folder that run, time and divergences wrote into.")] = Path(
        "results"
    ),
    out: Annotated[Path, typer.Option(help="The folder of the pages; a site that is there is replaced.")] = Path(
        "site"
    ),
    history: Annotated[Path, typer.Option(help="asv's folder, if it has measured something.")] = Path(".asv"),
) -> None:
    """Build pages from results: every exercise, time and divergence, side by side; any browser or host shows them.

    Exit code 0 on success, 2 if a file is damaged or the folder cannot be written.
    """
    from parity.site import build_site

    Terminal().print(build_site(results, out, history), highlight=False, markup=False, soft_wrap=True)


@app.command()
def compare(
    results: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="What run --json, divergences --json or time --output wrote."),
    ],
    exact: Annotated[bool, typer.Option("--exact", help="Noise units must be the same to the last digit.")] = False,
) -> None:
    """Compare results, divergences or times of several machines or versions side by side.

    Exit code 0 if all files have the same outputs and verdicts and no noise units that grew (or the same timed loops),
    1 if not, 2 on misuse or if they share nothing.
    """
    from parity import compare

    raise typer.Exit(compare.compare_files(Terminal(), results, exact=exact))


@app.command()
def models(
    objects: Annotated[
        list[str],
        typer.Argument(metavar="FIRST SECOND", help="FILE.py:NAME of a model, or of a function that builds it."),
    ],
    input_: Annotated[Path | None, typer.Option("--input", help="In the first's layout: .npz or .npy.")] = None,
    shape: Annotated[str, typer.Option(help="Draw a normal input of this shape: 4,3,32,32.")] = "",
    seed: Annotated[int, typer.Option(min=0, help="Of --shape.")] = 0,
    names: Annotated[list[str] | None, typer.Option(metavar="A=B", help="The partner of a layer.")] = None,
    layout: Annotated[str, typer.Option(help="same, channels_last, channels_first or swap; found by default.")] = "",
    loaded: Annotated[bool, typer.Option("--loaded", help="The second has its weights: judge them too.")] = False,
    train: Annotated[bool, typer.Option("--train", help="Train mode, gradients, losses and a step too.")] = False,
    loss: Annotated[list[str] | None, typer.Option(metavar="FILE.py:NAME", help="Twice: each model's loss.")] = None,
    targets: Annotated[str, typer.Option(metavar="FILE.py:NAME", help="An array, or a .npy file.")] = "",
    step: Annotated[
        list[str] | None,
        typer.Option(metavar="FILE.py:NAME", help="Twice: parameters to an optimizer."),
    ] = None,
    allow: Annotated[list[str] | None, typer.Option(metavar="NAME", help="A divergence that is no fault here.")] = None,
    tensors: Annotated[bool, typer.Option("--tensors", help="FIRST and SECOND are .npz or .safetensors.")] = False,
    json: Annotated[Path | None, typer.Option(help="Write the report here; - is stdout.")] = None,
) -> None:
    """Compare two models of your own, layer by layer: a port against its original.

    Exit code 0 if they agree, 1 if they differ, 2 on misuse.
    """
    from parity.files import WholeFile
    from parity.models import command

    if len(objects) != 2:
        raise UsageError(f"two models are compared, and {len(objects)} are given")
    file = WholeFile(json) if json is not None else None
    console = Terminal(stderr=json == STANDARD_OUTPUT)
    if tensors:
        raise typer.Exit(command.tensors(objects, console, file))
    asked = command.Asked(
        first=objects[0], second=objects[1], inputs=input_, shape=shape, seed=seed,
        names=tuple(names or ()), layout=layout, loaded=loaded, train=train, losses=tuple(loss or ()), targets=targets,
        steps=tuple(step or ()), allow=tuple(allow or ()),
    )  # fmt: skip
    raise typer.Exit(command.run(asked, console, file))


def _tasks(asked: list[str] | None) -> list[str]:
    return [load(name).name for name in dict.fromkeys(asked or names())]


def _frameworks(asked: list[str] | None) -> list[str]:
    return list(dict.fromkeys(framework_named(name) for name in asked or ()))


def _each(kind: str, asked: list[str] | None, valid: tuple[str, ...]) -> list[str]:
    return [choose(kind, name, valid) for name in dict.fromkeys(asked or ())]


def _ask(console: Console) -> "dict[str, FrameworkInfo]":
    from parity.judging.sweep import ask_frameworks, workers_of

    with console.status("asking the frameworks"), workers_of(FRAMEWORKS) as workers:
        return ask_frameworks(workers)
