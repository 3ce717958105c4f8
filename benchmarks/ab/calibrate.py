"""The calibration of the paired driver: its false alarms, A against A, and how many planted slowdowns it finds.

It takes hours, so it goes on where it was, over as many runs as it needs: finished rows are kept, and the pairs of
unfinished ones.
"""

import contextlib
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table

from benchmarks.ab.evidence import CEILING, FLOOR
from benchmarks.ab.resume import ResumableTrial
from benchmarks.ab.sides import Loop, cores, last_core
from parity.files import WholeFile
from parity.frameworks.environment import cpu
from parity.task import UsageError

PLANTED = (0.0, 0.05, 0.045, 0.035)  # slowdowns of B; the first is A against A
POWER_PART = 10 / 3  # rows of A against A for each row of a planted slowdown
GOALS = {  # what a maintainer asks of the driver
    0.0: "none slower, at most 1 % undecided",
    0.05: "at least 99 % slower",
    0.045: "at least 95 % slower",
    0.035: "either; at most 1 % undecided",
}
DRIVER = ("evidence.py", "sides.py", "worker.py")  # rows of another driver do not count
SPIN = "x = list(range(200_000))\nwhile True: sum(x)"  # the competitor: it fills a core and the shared cache


@dataclass(frozen=True)
class CalibrationRow:
    """The verdict of a comparison on one loop."""

    task: str
    loop: str
    framework: str
    competitor: bool
    planted: float
    verdict: str
    change: float
    low: float
    high: float
    pairs: int
    seconds: float


def driver() -> str:
    """A digest of the driver's code."""
    return hashlib.sha256(b"".join((Path(__file__).parent / name).read_bytes() for name in DRIVER)).hexdigest()[:8]


def calibrate(
    tree: Path, loops: Sequence[Loop], size: str, rows: int, kept: Path, console: Console, *, competitor: bool = False
) -> None:
    """Judge at least `rows` rows A against A, and `rows / POWER_PART` at each planted slowdown; print the rates.

    A row is the verdict of one comparison on one loop.

    Args:
        tree: the revision's folder.
        kept: the folder with all rows so far, and with the pairs of unfinished rows; a calibration that was killed
            continues from them.
        competitor: whether a process competes for the machine, on the other core.
    """
    kept.mkdir(parents=True, exist_ok=True)
    path = kept / "rows.csv"
    judged = pd.read_csv(path) if path.exists() else pd.DataFrame(columns=list(CalibrationRow.__annotations__))
    wanted = {planted: rows if planted == 0 else max(1, round(rows / POWER_PART)) for planted in PLANTED}

    def share(planted: float) -> float:
        mine = (judged["planted"] == planted) & (judged["competitor"] == competitor)
        return float(mine.sum() / wanted[planted])

    if len(judged):
        console.print(rates_table(judged))
    with competing() if competitor else contextlib.nullcontext():
        while share(least := min(PLANTED, key=share)) < 1:
            trial = ResumableTrial(kept / f"{least}{'-competitor' * competitor}.unfinished.json")
            new = pd.DataFrame(map(asdict, _judge(trial, tree, loops, size, least, console, competitor=competitor)))
            for loop, reason in trial.failed.items():
                console.print(f"could not be measured: {loop}: {reason}", style="red", markup=False)
            if new.empty:
                raise UsageError("no loop could be measured")
            judged = pd.concat([judged, new]) if len(judged) else new
            WholeFile(path).write(judged.to_csv(index=False))
            trial.drop()
            console.print(rates_table(judged))


@contextlib.contextmanager
def competing() -> Iterator[subprocess.Popen[bytes]]:
    """A process that computes for as long as the block lasts, on another core than the measured one if there is one."""
    process = subprocess.Popen([sys.executable, "-c", SPIN])
    if others := cores() - last_core():
        os.sched_setaffinity(process.pid, others)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _judge(
    trial: ResumableTrial, tree: Path, loops: Sequence[Loop], size: str, planted: float, console: Console,
    *, competitor: bool,
) -> list[CalibrationRow]:  # fmt: skip
    with console.status("starting") as status:

        def keep(note: str) -> None:
            trial.keep()
            status.update(f"{planted:+.1%}, {note}")

        trial.run(tree, tree, loops, size, slowdown=planted, keep=keep)
    return [
        CalibrationRow(
            **asdict(loop), competitor=competitor, planted=planted, verdict=c.word, change=c.change, low=c.low,
            high=c.high, pairs=c.pairs, seconds=trial.spent.get(loop, 0.0),
        )
        for loop, c in trial.changes(loops).items()
    ]  # fmt: skip


def rates_table(found: pd.DataFrame) -> Table:
    """The rates of the verdicts by planted slowdown, quiet and beside a competitor, with the goals."""
    machine = f"{cpu()}, {os.cpu_count()} cores; slower: above {FLOOR:.0%}, not slower: below {CEILING:.0%}"
    view = Table(title=f"Verdicts on planted slowdowns\n[dim]{machine}[/]", title_justify="left")
    frameworks = list(dict.fromkeys(found["framework"]))
    columns = (
        "B is slower by",
        "beside",
        "rows",
        "called slower",
        *frameworks,
        "undecided",
        "pairs",
        "seconds",
        "goal",
    )
    for column in columns:
        view.add_column(column, justify="left" if column in ("beside", "goal") else "right")
    for (competitor, planted), group in found.groupby(["competitor", "planted"]):
        slower, undecided = group["verdict"] == "slower", group["verdict"] == "undecided"
        by_framework = slower.groupby(group["framework"]).agg(["sum", "size"]).reindex(frameworks, fill_value=0)
        view.add_row(
            f"{planted:.1%}", "a competitor" if competitor else "nothing", str(len(group)),
            f"{slower.sum()} ({slower.mean():.1%})",
            *(f"{by_framework.loc[f, 'sum']} of {by_framework.loc[f, 'size']}" for f in frameworks),
            f"{undecided.sum()} ({undecided.mean():.1%})", f"{group['pairs'].median():.0f}",
            f"{group['seconds'].median():.1f}", GOALS.get(planted, ""),
        )  # fmt: skip
    return view
