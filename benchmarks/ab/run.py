"""Did this change make anything slower?  `tox run -e ab -- BASE [HEAD]` times two revisions in turns, A B B A.

A revision's worktree is measured with the frameworks that are installed.  What is measured is kept pair by pair:
after a kill the same command goes on where it was.  Exit code 0: nothing is slower, 1: something is, 2: it could not
be measured, or not be decided.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.ab.calibrate import calibrate
from benchmarks.ab.resume import ResumableTrial
from benchmarks.ab.sides import Loop, Trial, loops_of
from benchmarks.ab.statistics import MAX_PAIRS, Change
from benchmarks.history.asv import ASV_DIR, installed
from benchmarks.history.keep import add_times
from benchmarks.revisions import commit_of, git, refuse_dirty_tree, worktree
from parity.files import WholeFile
from parity.frameworks.environment import cpu
from parity.frameworks.runtime import Unavailable, available
from parity.task import FRAMEWORKS, SIZES, UsageError, choose
from parity.tasks import names

Verdicts = dict[Loop, tuple[Change, str]]
FORMAT = 2  # of the file of a comparison; 1 had no number, and is the same
LOCK = Path(tempfile.gettempdir()) / f"parity-ab-{os.getuid()}.lock"  # of the machine, not of one checkout


@contextlib.contextmanager
def alone(console: Console) -> Iterator[None]:
    """One comparison at a time: all are pinned to the same core, and would be one another's noise."""
    with open(LOCK, "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            console.print("another comparison is running on this machine; waiting for its end")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def changes_table(said: Verdicts) -> Table:
    """The loops of which there is something to say, the slowest first."""
    view = Table(title="B against A", title_justify="left")
    for column in ("loop", "change", "interval", "pairs", ""):
        view.add_column(column, justify="left" if column == "loop" else "right")
    style = {"slower": "bold red", "faster": "green", "not confirmed": "dim", "undecided": "dim"}
    for loop, (c, word) in sorted(said.items(), key=lambda item: -item[1][0].change):
        if word in style:
            cells = str(loop), f"{c.change:+.1%}", f"{c.low:+.1%} to {c.high:+.1%}", str(c.pairs), word
            view.add_row(*cells, style=style[word])
    return view


def write_results(
    commits: tuple[str, str], size: str, trial: Trial, said: Verdicts, digests: dict[Loop, str]
) -> Path:  # fmt: skip
    """The comparison as a file of rows, and the times of both commits among asv's results; the file."""
    rows = [{**asdict(loop), **asdict(c), "verdict": word, "reason": ""} for loop, (c, word) in said.items()]
    rows += [{**asdict(loop), "verdict": "failed", "reason": why} for loop, why in trial.failed.items()]
    path = ASV_DIR / "ab" / f"{commits[0][:12]}-{commits[1][:12]}-{size}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    WholeFile(path).write(
        json.dumps({"format": FORMAT, "base": commits[0], "head": commits[1], "size": size, "rows": rows}, indent=1)
    )
    for commit, seconds in zip(commits, ("a_seconds", "b_seconds"), strict=True):
        times = {loop: [getattr(pair, seconds) for pair in trial.first.pairs[loop]] for loop in said}
        if times:
            add_times(ASV_DIR / "results", commit, size, times, digests, threads="1")
    return path


def run(
    base: Annotated[str, typer.Argument(help="The revision to compare with.")] = "HEAD~1",
    head: Annotated[str, typer.Argument(help="The revision that may be slower.")] = "HEAD",
    framework: Annotated[list[str] | None, typer.Option(help="numpy, torch or tf; all that are here.")] = None,
    task: Annotated[list[str] | None, typer.Option(help="These tasks alone.")] = None,
    size: Annotated[str, typer.Option(help="tiny, base or large.")] = "base",
    calibrate_: Annotated[bool, typer.Option("--calibrate", help="Measure the driver itself, A against A.")] = False,
    rows: Annotated[int, typer.Option(help="A/A rows of a calibration.")] = 1000,
) -> None:
    """Compare two revisions, or calibrate."""
    console = Console()
    frameworks = _frameworks(framework)
    choose("size", size, SIZES)
    for name in task or ():
        choose("task", name, names())

    def chosen(loop: Loop) -> bool:
        return not task or loop.task in task

    refuse_dirty_tree()
    if calibrate_:
        commit = commit_of("HEAD")
        with alone(console), worktree(commit) as tree:
            loops = [loop for loop in loops_of(tree, frameworks) if chosen(loop)]
            if not loops:
                raise UsageError(f"no loop to calibrate with: {', '.join(task or ())} has none")
            kept = ASV_DIR / "ab" / f"calibration-{commit[:12]}-{size}-{fingerprint(loops)}"
            calibrate(tree, loops, size, rows, kept, console)
        raise typer.Exit(0)
    commits = commit_of(base), commit_of(head)
    with alone(console), worktree(commits[0]) as a, worktree(commits[1]) as b:
        old, new = loops_of(a, frameworks), loops_of(b, frameworks)
        for only, where in ((set(old) - set(new), base), (set(new) - set(old), head)):
            for loop in sorted(map(str, filter(chosen, only))):
                console.print(f"only in {where}, not compared: {loop}", style="dim")
        for name in sorted({loop.task for loop in new if loop in old and old[loop] != new[loop] and chosen(loop)}):
            console.print(f"the specification changed, not compared: {name}", style="dim")
        both = [loop for loop in new if old.get(loop) == new[loop] and chosen(loop)]
        if not both:
            raise UsageError(f"{base} and {head} have no loop in common")
        trial = ResumableTrial(ASV_DIR / "ab" / f"{a.name}-{b.name}-{size}-{fingerprint(both)}.unfinished.json")
        if trial.first.pairs:
            console.print(f"going on after {sum(map(len, trial.first.pairs.values()))} measured pairs")
        with console.status("starting") as status:

            def keep(note: str) -> None:
                trial.keep()
                status.update(note)

            trial.run(a, b, both, size, keep=keep)
        said = trial.verdicts(both)
        path = write_results(commits, size, trial, said, new)
        trial.drop()
    numpy_changed = bool(git("diff", "--name-only", *commits, "--", "impl_numpy", "parity"))
    raise typer.Exit(_conclude(said, trial.failed, console, path, numpy_changed=numpy_changed))


def _conclude(
    said: Verdicts, failed: dict[Loop, str], console: Console, path: Path, *, numpy_changed: bool
) -> int:  # fmt: skip
    """Print what was found; the exit code."""
    words = [word for _, word in said.values()]
    view = changes_table(said)
    if view.row_count:
        console.print(view)
    for loop, reason in failed.items():
        console.print(f"could not be measured: {loop}: {reason}", style="red", markup=False)
    console.print(
        f"{len(said)} loops compared: {words.count('slower')} slower, {words.count('faster')} faster, "
        f"{words.count('undecided')} undecided after {MAX_PAIRS} pairs, {len(failed)} could not be measured; {path}"
    )
    slower = [loop for loop, (_, word) in said.items() if word == "slower"]
    if not numpy_changed and any(loop.framework == "numpy" for loop in slower):
        console.print("NumPy's loops drift though their code is the same: this machine cannot be trusted now")
        return 2
    return 1 if slower else 2 if failed or "undecided" in words else 0


def fingerprint(loops: Sequence[Loop]) -> str:
    """What measured pairs depend on beside the commits, as a short name: the machine, the versions, the loops."""
    frameworks = dict.fromkeys(loop.framework for loop in loops)
    what = [cpu(), os.cpu_count(), [installed(framework) for framework in frameworks], sorted(map(str, loops))]
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()[:8]


def _frameworks(asked: Sequence[str] | None) -> list[str]:
    """Those that were asked for, or those that are here."""
    found = []
    for name in asked or FRAMEWORKS:
        try:
            available(choose("framework", name, FRAMEWORKS), "cpu", "eager")
            found.append(name)
        except Unavailable as error:
            if asked:
                raise
            print(f"not compared: {error}")
    return found


def main() -> None:
    """The entry point: what cannot be measured is one line and exit code 2."""
    try:
        typer.run(run)
    except UsageError as error:
        print(f"ab: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("ab: interrupted; what was measured is kept, the same command goes on", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
