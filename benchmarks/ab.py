"""Did this change make anything slower?  `tox run -e ab -- BASE [HEAD]` times two revisions in turns, A B B A.

A revision's worktree is measured with the frameworks that are installed, by workers that live through the whole
comparison.  Exit code 0: nothing is slower, 1: something is, 2: it could not be measured.
"""

import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.paired import Comparison, compare
from parity.report import WholeFile
from parity.task import FRAMEWORKS, SIZES, UsageError, choose
from parity.timing import USUAL

ROOT = Path(__file__).parent.parent
WORKER = Path(__file__).parent / "ab_worker.py"
PAIRS = 3  # of processes: the memory layout of one favours a side for its whole life
ROUNDS = 10  # A B B A, of each pair
WINDOW = 0.002  # seconds at least
INJECTED = (0.05, 0.10)  # the slowdowns that a calibration plants


@dataclass(frozen=True)
class Loop:
    task: str
    loop: str
    framework: str

    def __str__(self) -> str:
        return f"{self.task} {self.loop} {self.framework}"


class Side:
    """One revision's loops of one framework, in a process of its own."""

    def __init__(self, tree: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(WORKER), str(tree)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip

    def ask(self, name: str, *args: Any) -> Any:
        """The worker's answer; UsageError with its reason if it has none."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps([name, *args]) + "\n")
            self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise UsageError(f"the process died (exit code {self._process.wait()})")
        answer = json.loads(line)
        if "error" in answer:
            raise UsageError(answer["error"])
        return answer["answer"]

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


def rounds(a: Side, b: Side, loop: Loop, size: str, *, slowdown: float = 0.0, count: int = ROUNDS) -> list[float]:
    """log(time of B / time of A) of each round of one pair; a planted slowdown is wasted in B."""
    what = (loop.task, loop.loop, loop.framework, USUAL[loop.framework], size, WINDOW)
    calls = max(side.ask("prepare", *what) for side in (a, b))
    ratios = []
    for _ in range(count):
        first = a.ask("window", calls, 0.0)
        second = b.ask("window", calls, slowdown) + b.ask("window", calls, slowdown)
        ratios.append(float(np.log(second / (first + a.ask("window", calls, 0.0)))))
    return ratios


@contextlib.contextmanager
def sides(base: Path, head: Path) -> Iterator[list[tuple[Side, Side]]]:
    """The pairs of workers; every second pair is started in the other order."""
    with contextlib.ExitStack() as stack:
        pairs = []
        for number in range(PAIRS):
            trees = (base, head) if number % 2 else (head, base)
            pair = [Side(tree) for tree in trees]
            for side in pair:
                stack.callback(side.close)
            pairs.append((pair[0], pair[1]) if number % 2 else (pair[1], pair[0]))
        yield pairs


def measure(
    base: Path, head: Path, loops: Sequence[Loop], size: str, *, compared: int, console: Console, slowdown: float = 0.0,
) -> tuple[dict[Loop, Comparison], dict[Loop, str]]:  # fmt: skip
    """Compare loops, a framework at a time: the comparisons, and why there is none."""
    found, failed = {}, {}
    for framework in dict.fromkeys(loop.framework for loop in loops):
        with sides(base, head) as pairs:
            mine = [loop for loop in loops if loop.framework == framework]
            for loop in track(mine, description=framework, console=console, transient=True):
                try:
                    ratios = np.array([rounds(a, b, loop, size, slowdown=slowdown) for a, b in pairs])
                except UsageError as error:
                    failed[loop] = str(error)
                    continue
                found[loop] = compare(ratios, loops=compared)
    return found, failed


def loops_of(tree: Path, frameworks: Sequence[str]) -> dict[Loop, str]:
    """Every loop of a revision with its specification's digest; UsageError if the revision cannot be imported."""
    side = Side(tree)
    try:
        return {Loop(t, name, f): digest for f in frameworks for t, name, digest in side.ask("loops", f)}
    except UsageError as error:
        raise UsageError(f"{tree.name} cannot be measured: {error}") from error
    finally:
        side.close()


@contextlib.contextmanager
def worktree(revision: str) -> Iterator[Path]:
    """The revision's files in a folder of their own."""
    done = subprocess.run(
        ["git", "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}"], cwd=ROOT, capture_output=True, text=True
    )
    if done.returncode:
        raise UsageError(f"there is no revision {revision!r}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / done.stdout.strip()[:12]
        git = ["git", "worktree"]
        subprocess.run([*git, "add", "--detach", "--quiet", str(path), revision], cwd=ROOT, check=True)
        try:
            yield path
        finally:
            subprocess.run([*git, "remove", "--force", str(path)], cwd=ROOT, check=True)


def table(found: dict[Loop, Comparison], slower: Sequence[Loop]) -> Table:
    """What changed beyond its interval; slower loops in bold."""
    view = Table(title="B against A", title_justify="left")
    for column in ("loop", "change", "interval", ""):
        view.add_column(column, justify="left" if column == "loop" else "right")
    for loop, c in sorted(found.items(), key=lambda item: -item[1].change):
        if loop in slower or c.faster or c.slower:
            word = "[bold red]slower[/]" if loop in slower else "[green]faster[/]" if c.faster else "not confirmed"
            view.add_row(str(loop), f"{c.change:+.1%}", f"{c.low:+.1%} to {c.high:+.1%}", word)
    return view


def calibrate(console: Console, loops: Sequence[Loop], size: str, rows: int) -> None:
    """A against A: the false-alarm rate, and the power at planted slowdowns.

    A row is what a comparison says of one loop: measured, and where it seems slower measured once more with new
    processes.
    """
    for slowdown in (0.0, *INJECTED):
        judged = alarms = 0
        wanted = rows if not slowdown else max(1, rows // 5)
        while judged < wanted:
            batch = list(loops)[: wanted - judged]
            found, _ = measure(ROOT, ROOT, batch, size, compared=len(loops), console=console, slowdown=slowdown)
            seeming = [loop for loop, c in found.items() if c.slower]
            again, _ = measure(ROOT, ROOT, seeming, size, compared=len(loops), console=console, slowdown=slowdown)
            judged += len(found)
            alarms += sum(c.slower for c in again.values())
        what = f"power at {slowdown:+.0%}" if slowdown else "false alarms"
        console.print(f"{what}: {alarms} of {judged} rows ({alarms / judged:.1%})")


def write(path: Path, commits: tuple[str, str], found: dict[Loop, Comparison], failed: dict[Loop, str]) -> None:
    """The comparison as asv's results are: a table by benchmark's name, with the columns named first."""
    columns = ["result", "interval_low", "interval_high", "failed"]
    results: dict[str, list[Any]] = {str(loop): [c.change, c.low, c.high, None] for loop, c in found.items()}
    results |= {str(loop): [None, None, None, reason] for loop, reason in failed.items()}
    document = {
        "commit_hash": commits[1], "base_hash": commits[0], "date": int(time.time() * 1000),
        "result_columns": columns, "results": results, "version": 2,
    }  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    WholeFile(path).write(json.dumps(document, indent=1) + "\n")


def run(
    base: Annotated[str, typer.Argument(help="The revision to compare with.")] = "HEAD~1",
    head: Annotated[str, typer.Argument(help="The revision that may be slower.")] = "HEAD",
    framework: Annotated[list[str] | None, typer.Option(help="numpy, torch or tf; all by default.")] = None,
    task: Annotated[list[str] | None, typer.Option(help="These tasks alone.")] = None,
    size: Annotated[str, typer.Option(help="tiny, base or large.")] = "base",
    calibrate_: Annotated[bool, typer.Option("--calibrate", help="Measure the driver itself, A against A.")] = False,
    rows: Annotated[int, typer.Option(help="A/A rows of a calibration.")] = 1000,
) -> None:
    """Compare two revisions, or calibrate."""
    console = Console()
    frameworks = [choose("framework", name, FRAMEWORKS) for name in framework or FRAMEWORKS]
    choose("size", size, SIZES)
    if calibrate_:
        mine = loops_of(ROOT, frameworks)
        calibrate(console, [loop for loop in mine if not task or loop.task in task], size, rows)
        raise typer.Exit(0)
    with worktree(base) as a, worktree(head) as b:
        old, new = loops_of(a, frameworks), loops_of(b, frameworks)
        for only, where in ((set(old) - set(new), base), (set(new) - set(old), head)):
            for loop in sorted(map(str, only)):
                console.print(f"only in {where}: {loop}", style="dim")
        both = [loop for loop in new if old.get(loop) == new[loop] and (not task or loop.task in task)]
        changed = [loop for loop in new if loop in old and old[loop] != new[loop]]
        for name in sorted({loop.task for loop in changed}):
            console.print(f"the specification changed, so not compared: {name}", style="dim")
        if not both:
            raise UsageError(f"{base} and {head} have no loop in common")
        found, failed = measure(a, b, both, size, compared=len(both), console=console)
        seeming = [loop for loop, c in found.items() if c.slower]
        again, _ = measure(a, b, seeming, size, compared=len(both), console=console)
    slower = [loop for loop in seeming if loop in again and again[loop].slower]
    numpy_changed = _changed(base, head, "impl_numpy", "parity", "benchmarks")
    drifting = [] if numpy_changed else [loop for loop in slower if loop.framework == "numpy"]
    console.print(table(found, slower))
    for loop, reason in failed.items():
        console.print(f"could not be measured: {loop}: {reason}", style="red", markup=False)
    write(ROOT / ".asv" / "ab" / f"{a.name}-{b.name}.json", (a.name, b.name), found, failed)
    console.print(f"{len(found)} loops compared, {len(slower)} slower, {len(failed)} could not be measured")
    if failed or drifting or not found:
        if drifting:
            console.print("NumPy's loops drift though their code is the same: this machine cannot be trusted now")
        raise typer.Exit(2)
    raise typer.Exit(1 if slower else 0)


def _changed(base: str, head: str, *paths: str) -> bool:
    return bool(subprocess.run(["git", "diff", "--quiet", base, head, "--", *paths], cwd=ROOT).returncode)


def main() -> None:
    """The entry point: what cannot be measured is one line and exit code 2."""
    try:
        typer.run(run)
    except UsageError as error:
        print(f"ab: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
