"""The calibration of the paired driver: its false alarms, A against A, and how many planted slowdowns it finds.

Both sides are the same revision.  The pairs of a loop, a stream, serve many rows, the verdicts of comparisons: each of
its first sittings begins one of A against A, and the first begins one for each planted slowdown p, in which log(1 + p)
is added to what was measured, since a time that is p longer moves the logarithm by just that.  Either side may stand
for B, so each row is there twice, once with the sides exchanged.  What lies between floor and ceiling takes many pairs,
so every third loop alone has such rows, and three times as many.  A stream ends when all of its rows are decided as the
driver decides them, after each pair, or are undecided after as many as it takes.

The pairs are kept and the rows follow from them, for the level of all loops and for that of a usual comparison.  It
takes hours, so it goes on where it was, also at a later commit: what the pairs tell is about the driver, and each
compares a revision with itself.
"""

import contextlib
import itertools
import math
import os
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.status import Status
from rich.table import Table

from benchmarks.ab.evidence import CEILING, FLOOR, MAX_PAIRS, SITTING, Change, change_of, sittings
from benchmarks.ab.resume import ResumableTrial
from benchmarks.ab.sides import Loop, cores, last_core
from benchmarks.neighbour import neighbour
from parity.frameworks.environment import cpu
from parity.task import UsageError

PLANTED = (0.05, 0.045, 0.035)  # slowdowns of B
BETWEEN = 0.035  # the one between floor and ceiling
EACH = 3  # of so many loops one has rows of it
UNCHANGED = 4  # sittings of a stream that begin a row of A against A
USUAL = 4  # loops in a usual comparison
GOALS = {0.0: "none", 0.035: "either", 0.045: "95%", 0.05: "99%"}  # at least so many are called slower
DECIDED = "Asked of +0.0% and +3.5%: at most 1% undecided.  A loop's rows share its pairs."


class Row(NamedTuple):
    """A comparison within a stream."""

    planted: float
    sitting: int  # its first one
    sign: int  # -1 where the sides are exchanged


def rows_of(loop: Loop, loops: Sequence[Loop]) -> list[Row]:
    """The rows that a loop's stream is to have."""
    between = EACH if loops.index(loop) % EACH == 0 else 0
    begin = {0.0: UNCHANGED, **dict.fromkeys(PLANTED, 1), BETWEEN: between}  # in so many of the first sittings
    return [Row(planted, sitting, sign) for planted, n in begin.items() for sitting in range(n) for sign in (1, -1)]


@dataclass(frozen=True)
class CalibrationRow:
    """The verdict of a comparison on one loop."""

    task: str
    loop: str
    framework: str
    competitor: bool
    at_once: int  # loops that share the level
    planted: float
    verdict: str
    change: float
    pairs: int
    seconds: float


class Streams(ResumableTrial):
    """The pairs of each loop, until all of its rows are decided or have all their pairs."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._looked: dict[tuple[Loop, Row, int], tuple[int, Change]] = {}  # after so many pairs, and what was seen

    def decided(self, loop: Loop, loops: Sequence[Loop]) -> bool:
        """Whether no row needs more pairs: each has its verdict, or as many pairs as a run of the driver takes."""
        found = [change for at_once in levels(loops) for change in self.rows(loop, loops, at_once=at_once).values()]
        return all(change is not None and (change.word != "undecided" or change.pairs == MAX_PAIRS) for change in found)

    def rows(self, loop: Loop, loops: Sequence[Loop], *, at_once: int) -> dict[Row, Change | None]:
        """Each row's change when it was decided, or else after all pairs; None before its first."""
        return {row: self._change(loop, row, at_once) for row in rows_of(loop, loops)}

    def _change(self, loop: Loop, row: Row, at_once: int) -> Change | None:
        """What was looked at once is not looked at again."""
        begun = self.pairs.get(loop, [])[row.sitting * SITTING :][:MAX_PAIRS]
        x = [row.sign * pair.log_ratio + math.log1p(row.planted) for pair in begun]
        looked, change = self._looked.get((loop, row, at_once), (0, None))
        while looked < len(x) and (change is None or change.word == "undecided"):
            looked += 1
            change = change_of(sittings(x[:looked]), loops=at_once)
            self._looked[loop, row, at_once] = looked, change
        return change


def calibrate(
    tree: Path, loops: Sequence[Loop], size: str, rows: int, kept: Path, console: Console, *, competitor: bool = False
) -> None:
    """Measure streams until they give `rows` rows of each planted slowdown, and print the rates.

    Args:
        tree: the revision's folder.
        kept: the folder with all streams so far; a calibration that was killed continues from them.
        competitor: whether a process competes for the machine, on the other core.
    """
    for number in itertools.count(1):
        finished = kept / f"{'competitor' if competitor else 'quiet'}-{number}.json"
        if not finished.exists():
            streams = Streams(finished.with_suffix(".unfinished.json"))
            with competing() if competitor else contextlib.nullcontext(), console.status("starting") as status:

                def keep(note: str, streams: Streams = streams, status: Status = status) -> None:
                    streams.keep()
                    status.update(note)

                streams.run(tree, tree, loops, size, later=(UNCHANGED - 1) * SITTING, keep=keep)
            for loop, reason in streams.failed.items():
                console.print(f"could not be measured: {loop}: {reason}", style="red", markup=False)
                streams.pairs.pop(loop, None)
            if not streams.pairs:
                raise UsageError("no loop could be measured")
            streams.finish(finished)
        with console.status("working out the verdicts"):
            found = pd.DataFrame(map(asdict, kept_rows(kept, loops)))
        mine = found[(found["competitor"] == competitor) & (found["at_once"] == len(loops))]
        if min((mine["planted"] == planted).sum() for planted in PLANTED) >= rows:
            break
    console.print(f"How often planted slowdowns are called slower on {cpu()}, {os.cpu_count()} cores; pairs and")
    console.print(f"seconds are medians.  Slower: above {FLOOR:.0%}; not slower: below {CEILING:.0%}.  {DECIDED}")
    console.print(*rates_tables(found), sep="\n")


@contextlib.contextmanager
def competing() -> Iterator[subprocess.Popen[bytes]]:
    """A process that computes for as long as the block lasts, on another core than the measured one if there is one."""
    with neighbour("sum(x)", setup="x = list(range(200_000))") as process:  # it fills the shared cache too
        if others := cores() - last_core():
            os.sched_setaffinity(process.pid, others)
        yield process


def levels(loops: Sequence[Loop]) -> list[int]:
    """The numbers of loops that may share the level: all of these, and those of a usual comparison."""
    return sorted({len(loops), USUAL}, reverse=True)


def kept_rows(kept: Path, loops: Sequence[Loop]) -> Iterator[CalibrationRow]:
    """The rows of all finished streams of these loops; each has its pairs' part of the stream's seconds."""
    for path in sorted(kept.glob("*-[0-9]*.json")):
        if path.suffixes == [".json"]:
            streams = Streams(path)
            for loop, at_once in itertools.product(streams.pairs, levels(loops)):
                each = streams.spent.get(loop, 0.0) / streams.count(loop)
                for row, change in streams.rows(loop, loops, at_once=at_once).items():
                    if change is not None:
                        yield CalibrationRow(
                            **asdict(loop), competitor=path.name.startswith("competitor"), at_once=at_once,
                            planted=row.planted, verdict=change.word, change=change.change, pairs=change.pairs,
                            seconds=each * change.pairs,
                        )  # fmt: skip


def rates_tables(found: pd.DataFrame) -> Iterator[Table]:
    """The rates of the verdicts by planted slowdown, with what is asked: quiet, beside a competitor, at each level."""
    frameworks = list(dict.fromkeys(found["framework"]))
    for (competitor, at_once), rows in found.groupby(["competitor", "at_once"]):
        title = f"One of {at_once} loops, beside {'a competitor' if competitor else 'nothing'}"
        view = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
        for column in ("B takes", "rows", "slower", "asked", *frameworks, "undecided", "pairs", "seconds"):
            view.add_column(column, justify="right")
        for planted, group in rows.groupby("planted"):
            slower, undecided = group["verdict"] == "slower", group["verdict"] == "undecided"
            by_framework = slower.groupby(group["framework"]).sum()
            view.add_row(
                f"{planted:+.1%}", str(len(group)), f"{slower.mean():.1%}", GOALS[planted],
                *(str(by_framework.get(framework, "-")) for framework in frameworks),
                f"{undecided.mean():.1%}", f"{group['pairs'].median():.0f}", f"{group['seconds'].median():.1f}",
            )  # fmt: skip
        yield view
