"""The calibration of the paired driver: its false alarms, A against A, and how many planted slowdowns it finds.

Both sides are the same revision.  The pairs of a loop, a stream, serve many rows, the verdicts of comparisons: each of
its first sittings begins one of A against A, and the first begins one for each planted slowdown p, in which
log(1 + p) is added to what was measured, since a time that is p longer moves the logarithm by just that.  A stream ends
when all of its rows are decided as the driver decides them, after each pair.

It takes hours, so it goes on where it was, over as many runs as it needs: finished rows are kept, and the pairs of
unfinished streams.
"""

import contextlib
import hashlib
import math
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table

from benchmarks.ab.evidence import CEILING, FLOOR, SITTING, Change, change_of, sittings
from benchmarks.ab.resume import ResumableTrial
from benchmarks.ab.sides import Loop, cores, last_core
from parity.files import WholeFile
from parity.frameworks.environment import cpu
from parity.task import UsageError

PLANTED = (0.05, 0.045, 0.035)  # slowdowns of B
UNCHANGED = 4  # rows of A against A in each stream
ROWS = tuple((0.0, sitting) for sitting in range(UNCHANGED)) + tuple((planted, 0) for planted in PLANTED)
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


class Streams(ResumableTrial):
    """The pairs of each loop, until all of its rows are decided."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._looked: dict[tuple[Loop, float, int], tuple[int, Change]] = {}  # after so many pairs, and what was seen

    def decided(self, loop: Loop, loops: Sequence[Loop]) -> bool:
        return all(row is not None and row.word != "undecided" for row in self.rows(loop, loops).values())

    def rows(self, loop: Loop, loops: Sequence[Loop]) -> dict[tuple[float, int], Change | None]:
        """The row of each planted slowdown and first sitting; None before its first pair."""
        return {row: self._row(loop, *row, loops=len(loops)) for row in ROWS}

    def _row(self, loop: Loop, planted: float, sitting: int, *, loops: int) -> Change | None:
        """The change when it was decided, or else after all pairs.  What was looked at once is not looked at again."""
        x = [pair.log_ratio + math.log1p(planted) for pair in self.pairs.get(loop, ())[sitting * SITTING :]]
        looked, change = self._looked.get((loop, planted, sitting), (0, None))
        while looked < len(x) and (change is None or change.word == "undecided"):
            looked += 1
            change = change_of(sittings(x[:looked]), loops=loops)
            self._looked[loop, planted, sitting] = looked, change
        return change


def driver() -> str:
    """A digest of the driver's code."""
    return hashlib.sha256(b"".join((Path(__file__).parent / name).read_bytes() for name in DRIVER)).hexdigest()[:8]


def calibrate(
    tree: Path, loops: Sequence[Loop], size: str, rows: int, kept: Path, console: Console, *, competitor: bool = False
) -> None:
    """Judge at least `rows` rows of each planted slowdown, and `UNCHANGED` times as many A against A; print the rates.

    Args:
        tree: the revision's folder.
        kept: the folder with all rows so far, and with the pairs of unfinished streams; a calibration that was killed
            continues from them.
        competitor: whether a process competes for the machine, on the other core.
    """
    kept.mkdir(parents=True, exist_ok=True)
    path = kept / "rows.csv"
    judged = pd.read_csv(path) if path.exists() else pd.DataFrame(columns=list(CalibrationRow.__annotations__))

    def finished() -> int:
        mine = judged[judged["competitor"] == competitor]
        return min((int((mine["planted"] == planted).sum()) for planted in PLANTED), default=0)

    if len(judged):
        console.print(rates_table(judged))
    with competing() if competitor else contextlib.nullcontext():
        while finished() < rows:
            streams = Streams(kept / f"{'competitor' if competitor else 'quiet'}.unfinished.json")
            new = pd.DataFrame(map(asdict, _judge(streams, tree, loops, size, console, competitor=competitor)))
            for loop, reason in streams.failed.items():
                console.print(f"could not be measured: {loop}: {reason}", style="red", markup=False)
            if new.empty:
                raise UsageError("no loop could be measured")
            judged = pd.concat([judged, new]) if len(judged) else new
            WholeFile(path).write(judged.to_csv(index=False))
            streams.drop()
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
    streams: Streams, tree: Path, loops: Sequence[Loop], size: str, console: Console, *, competitor: bool
) -> Iterator[CalibrationRow]:
    """A stream of every loop, and its rows; each has its pairs' part of the stream's seconds."""
    with console.status("starting") as status:

        def keep(note: str) -> None:
            streams.keep()
            status.update(note)

        streams.run(tree, tree, loops, size, keep=keep)
    for loop in loops:
        if loop not in streams.failed:
            for (planted, _), c in streams.rows(loop, loops).items():
                assert c is not None
                yield CalibrationRow(
                    **asdict(loop), competitor=competitor, planted=planted, verdict=c.word, change=c.change, low=c.low,
                    high=c.high, pairs=c.pairs, seconds=streams.spent[loop] * c.pairs / streams.count(loop),
                )  # fmt: skip


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
