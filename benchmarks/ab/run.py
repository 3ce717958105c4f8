"""Did this change make anything slower?  `tox run -e ab -- BASE [HEAD]` times two revisions in turns.

Each revision is measured in a worktree, with the installed frameworks: the loops whose code differs, and a few others
that show whether the machine drifts.  Each measured pair is kept: after a kill the same command continues, and after an
undecided end it adds more.  Exit code 0: no loop is slower, 1: a loop is slower, 2: a loop could not be measured or
decided.
"""

import contextlib
import fcntl
import hashlib
import json
import math
import os
import platform
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.ab import reach
from benchmarks.ab.calibrate import calibrate
from benchmarks.ab.evidence import CEILING, FALSE_ALARMS, FLOOR, Change
from benchmarks.ab.resume import ResumableTrial, driver
from benchmarks.ab.sides import Loop, loops_of
from benchmarks.ab.trial import Trial
from benchmarks.command import run_command
from benchmarks.history.asv import ASV_DIR, installed
from benchmarks.history.keep import add_times
from benchmarks.revisions import commit_of, refuse_dirty_tree, worktree
from parity.cli import Terminal
from parity.files import WholeFile
from parity.frameworks.environment import cpu
from parity.frameworks.runtime import Unavailable
from parity.judging.report import count_of
from parity.task import FRAMEWORKS, SIZES, UsageError, choose
from parity.tasks import names
from parity.timing import quiet

FORMAT = 3  # of the file of a comparison; the earlier ones have other intervals, and no pairs
CHANGED = ("slower", "faster")
FEW = 12  # loops of which the table shows all
LOCK = Path(tempfile.gettempdir()) / f"parity-ab-{os.getuid()}.lock"  # one for the machine, not one for each checkout


@contextlib.contextmanager
def alone(console: Console) -> Iterator[None]:
    """One comparison at a time: all are pinned to the same core, and would disturb one another.  Others are said."""
    with open(LOCK, "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            console.print("another comparison is running on this machine; waiting for its end")
            fcntl.flock(lock, fcntl.LOCK_EX)
        quiet.say(console, expected)
        yield


def expected(machine: quiet.Quiet) -> str:
    """What to expect of a comparison now."""
    if machine.busy or machine.spread > quiet.STEADY:
        return "more pairs for each loop, and perhaps some undecided; a verdict is as good as on a quiet machine"
    if machine.disturbance.share is None:
        return "six pairs decide most loops if nothing else runs"
    return "quiet: six pairs decide most loops"


def changes_table(changes: Mapping[Loop, Change]) -> Table:
    """Every loop's interval, the slowest first; without those that are as fast if there are many."""
    view = Table(title="B against A", title_justify="left")
    for column in ("loop", "change", "interval", "pairs", ""):
        view.add_column(column, justify="left" if column == "loop" else "right")
    style = {"slower": "bold red", "faster": "green", "undecided": "yellow"}
    for loop, c in sorted(changes.items(), key=lambda item: -item[1].change):
        if c.word in style or len(changes) <= FEW:
            view.add_row(
                str(loop), f"{c.change:+.1%}", c.interval, str(c.pairs), c.word, style=style.get(c.word, "dim")
            )
    return view


def write_results(
    commits: tuple[str, str], size: str, trial: Trial, changes: Mapping[Loop, Change], digests: dict[Loop, str],
    reasons: Mapping[Loop, Sequence[str]],
) -> Path:  # fmt: skip
    """Write the comparison as a file of rows, add both commits' times to asv's results, and return the file."""
    rows = [
        {
            **asdict(loop), **asdict(c), "high": c.high if math.isfinite(c.high) else None, "verdict": c.word,
            "reached_by": reasons.get(loop, ()), "log_ratios": [pair.log_ratio for pair in trial.pairs[loop]],
        }
        for loop, c in changes.items()
    ]  # fmt: skip
    rows += [{**asdict(loop), "verdict": "failed", "reason": why} for loop, why in trial.failed.items()]
    measured = [*changes, *trial.failed]
    path = ASV_DIR / "ab" / f"{commits[0][:12]}-{commits[1][:12]}-{size}-{fingerprint(measured)}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    about = {
        "format": FORMAT, "base": commits[0], "head": commits[1], "size": size, "cpu": cpu(), "cores": os.cpu_count(),
        "python": platform.python_version(), "floor": FLOOR, "ceiling": CEILING, "level": FALSE_ALARMS,
        "versions": {name: installed(name) for name in dict.fromkeys(loop.framework for loop in measured)},
    }  # fmt: skip
    WholeFile(path).write(json.dumps({**about, "rows": rows}, indent=1))
    for commit, seconds in zip(commits, ("a_seconds", "b_seconds"), strict=True):
        times = {loop: [getattr(pair, seconds) for pair in trial.pairs[loop]] for loop in changes}
        if times:
            add_times(ASV_DIR / "results", commit, size, times, digests, threads="1")
    return path


def run(
    base: Annotated[str, typer.Argument(help="The revision to compare with.")] = "HEAD~1",
    head: Annotated[str, typer.Argument(help="The revision that may be slower.")] = "HEAD",
    framework: Annotated[
        list[str] | None, typer.Option(help="numpy, torch or tf; by default all that are installed.")
    ] = None,
    task: Annotated[list[str] | None, typer.Option(help="Only these tasks.")] = None,
    size: Annotated[str, typer.Option(help="tiny, base or large.")] = "base",
    all_: Annotated[
        bool, typer.Option("--all", help="Measure every loop, also those that cannot have changed.")
    ] = False,
    dry_run: Annotated[bool, typer.Option(help="Say what would be measured, and why; measure nothing.")] = False,
    calibrate_: Annotated[bool, typer.Option("--calibrate", help="Measure the driver itself, A against A.")] = False,
    rows: Annotated[int, typer.Option(help="How many rows of each planted slowdown a calibration has.")] = 300,
    competitor: Annotated[bool, typer.Option(help="Calibrate beside a process that fills the other core.")] = False,
) -> None:
    """Compare two revisions, or calibrate."""
    console = Terminal()
    frameworks = _frameworks(framework)
    choose("size", size, SIZES)
    for name in task or ():
        choose("task", name, names())

    def chosen(loop: Loop) -> bool:
        return not task or loop.task in task

    refuse_dirty_tree()
    if calibrate_:
        with alone(console), worktree(commit_of("HEAD")) as tree:
            (found,) = loops_of(tree, frameworks=frameworks)
            loops = [loop for loop in found if chosen(loop)]
            if not loops:
                raise UsageError(f"no loop to calibrate with: {', '.join(task or ())} has none")
            kept = ASV_DIR / "ab" / f"calibration-{driver()}-{size}-{fingerprint(loops)}"
            calibrate(tree, loops, size, rows, kept, console, competitor=competitor)
        raise typer.Exit(0)
    commits = commit_of(base), commit_of(head)
    by_itself = contextlib.nullcontext() if dry_run else alone(console)
    with by_itself, worktree(commits[0]) as a, worktree(commits[1]) as b:
        old, new = loops_of(a, b, frameworks=frameworks)
        for only, where in ((set(old) - set(new), base), (set(new) - set(old), head)):
            for loop in sorted(map(str, filter(chosen, only))):
                console.print(f"only in {where}, not compared: {loop}", style="dim")
        for name in sorted({loop.task for loop in new if loop in old and old[loop] != new[loop] and chosen(loop)}):
            console.print(f"the specification changed, not compared: {name}", style="dim")
        comparable = [loop for loop in new if old.get(loop) == new[loop]]
        both = list(filter(chosen, comparable))
        if not both:
            of = f" of {', '.join(task)}" if task else ""
            raise UsageError(f"{base} and {head} have no loop{of} in common with the same specification")
        can_differ = reach.reached(a, b, comparable)
        reasons = {loop: names for loop, names in can_differ.items() if chosen(loop)}
        same = [loop for loop in comparable if loop not in can_differ]
        measured = both if all_ else [*reasons, *reach.controls(same, reasons)]
        for line in reach.said(both, reasons, measured):
            console.print(line, markup=False, highlight=False)
        if dry_run or not measured:
            raise typer.Exit(0)
        trial = ResumableTrial(
            ASV_DIR / "ab" / f"{a.name}-{b.name}-{size}-{fingerprint(measured)}-{driver()}.unfinished.json"
        )
        if trial.pairs:
            console.print(f"continuing after {sum(map(len, trial.pairs.values()))} measured pairs")
        with console.status("starting") as status:

            def keep(note: str) -> None:
                trial.keep()
                status.update(note)

            trial.run(a, b, measured, size, keep=keep)
        changes = trial.changes(measured)
        path = write_results(commits, size, trial, changes, new, reasons)
        if not trial.failed and not any(c.word == "undecided" for c in changes.values()):
            trial.drop()
    raise typer.Exit(_conclude(changes, trial.failed, console, path, can_differ=can_differ))


def _conclude(
    changes: Mapping[Loop, Change], failed: Mapping[Loop, str], console: Console, path: Path,
    *, can_differ: Mapping[Loop, object],
) -> int:  # fmt: skip
    """Print the verdicts and return the exit code."""
    words = [c.word for c in changes.values()]
    view = changes_table(changes)
    if view.row_count:
        console.print(view)
        console.print(f"slower: above {FLOOR:.0%}; not slower: below {CEILING:.0%}; between them, either", style="dim")
    for loop, reason in failed.items():
        console.print(f"could not be measured: {loop}: {reason}", style="red", markup=False)
    for loop, c in changes.items():
        if c.word == "undecided":
            console.print(f"undecided: {loop}: {c.missing}", style="yellow", markup=False)
    console.print(
        f"{count_of(len(changes), 'loop')} compared: {words.count('slower')} slower, {words.count('faster')} faster, "
        f"{words.count('undecided')} undecided, {len(failed)} could not be measured; {path}"
    )
    if drifting := [f"{loop}: {c.word}" for loop, c in changes.items() if loop not in can_differ and c.word in CHANGED]:
        console.print(f"{', '.join(drifting)} though the code is the same: this machine cannot be trusted now")
        return 2
    return 1 if "slower" in words else 2 if failed or "undecided" in words else 0


def fingerprint(loops: Sequence[Loop]) -> str:
    """A short hash of what measured pairs depend on beside the commits: the machine, the versions, the loops."""
    frameworks = dict.fromkeys(loop.framework for loop in loops)
    what = [cpu(), os.cpu_count(), [installed(framework) for framework in frameworks], sorted(map(str, loops))]
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()[:8]


def _frameworks(asked: Sequence[str] | None) -> list[str]:
    """The requested frameworks, or else the installed ones; Unavailable if a requested one is missing."""
    frameworks = []
    for name in asked or FRAMEWORKS:
        try:
            installed(choose("framework", name, FRAMEWORKS))
            frameworks.append(name)
        except Unavailable as error:
            if asked:
                raise
            print(f"not compared: {error}")
    return frameworks


def main() -> None:
    """The entry point."""
    run_command(run, "ab", kept="measured pairs are kept")


if __name__ == "__main__":
    main()
