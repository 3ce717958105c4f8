"""The calibration of the paired driver: its false alarms, A against A, and how many planted slowdowns it finds."""

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table

from benchmarks.ab.resume import ResumableTrial
from benchmarks.ab.sides import Loop
from parity.files import WholeFile
from parity.frameworks.environment import cpu
from parity.task import UsageError

PLANTED = (0.0, 0.05, 0.10)  # slowdowns of B; the first is A against A
POWER_PART = 7  # rows of A against A for each row of a planted slowdown


@dataclass(frozen=True)
class CalibrationRow:
    """The verdict of a comparison on one loop."""

    task: str
    loop: str
    framework: str
    planted: float
    verdict: str
    change: float
    pairs: int


def calibrate(tree: Path, loops: Sequence[Loop], size: str, rows: int, kept: Path, console: Console) -> None:
    """Judge at least `rows` rows A against A, and `rows / POWER_PART` at each planted slowdown; print the rates.

    A row is the verdict on one loop.  A loop that seems slower is measured once more, with new processes.

    Args:
        tree: the revision's folder.
        kept: the folder with all rows so far, and with the pairs of unfinished rows; a calibration that was killed
            continues from them.
    """
    kept.mkdir(parents=True, exist_ok=True)
    path = kept / "rows.csv"
    judged = pd.read_csv(path) if path.exists() else pd.DataFrame(columns=list(CalibrationRow.__annotations__))
    wanted = {planted: rows if planted == 0 else max(1, rows // POWER_PART) for planted in PLANTED}

    def share(planted: float) -> float:
        return float((judged["planted"] == planted).sum() / wanted[planted])

    while share(least := min(PLANTED, key=share)) < 1:
        trial = ResumableTrial(kept / f"{least}.unfinished.json")
        new = pd.DataFrame(map(asdict, _judge(trial, tree, loops, size, least, console)))
        for loop, reason in trial.failed.items():
            console.print(f"could not be measured: {loop}: {reason}", style="red", markup=False)
        if new.empty:
            raise UsageError("no loop could be measured")
        judged = pd.concat([judged, new]) if len(judged) else new
        WholeFile(path).write(judged.to_csv(index=False))
        trial.drop()
        console.print(rates_table(judged))


def _judge(
    trial: ResumableTrial, tree: Path, loops: Sequence[Loop], size: str, planted: float, console: Console
) -> list[CalibrationRow]:  # fmt: skip
    with console.status("starting") as status:

        def keep(note: str) -> None:
            trial.keep()
            status.update(f"{planted:+.0%}, {note}")

        trial.run(tree, tree, loops, size, slowdown=planted, keep=keep)
    return [
        CalibrationRow(**asdict(loop), planted=planted, verdict=word, change=found.change, pairs=found.pairs)
        for loop, (found, word) in trial.verdicts(loops).items()
    ]


def rates_table(found: pd.DataFrame) -> Table:
    """By planted slowdown and framework, the number of rows that were called slower on this machine."""
    machine = f"{cpu()}, {os.cpu_count()} cores"
    view = Table(title=f"Called slower, of all rows\n[dim]{machine}[/]", title_justify="left")
    frameworks = list(dict.fromkeys(found["framework"]))
    for column in ("B is slower by", "rows", "called slower", *frameworks, "undecided", "pairs (median)"):
        view.add_column(column, justify="right")
    for planted, group in found.groupby("planted"):
        slower, undecided = group["verdict"] == "slower", group["verdict"] == "undecided"
        by_framework = slower.groupby(group["framework"]).agg(["sum", "size"])
        view.add_row(
            f"{planted:.0%}", str(len(group)), f"{slower.mean():.2%}",
            *(f"{by_framework.loc[f, 'sum']} of {by_framework.loc[f, 'size']}" for f in frameworks),
            f"{undecided.mean():.1%}", f"{group['pairs'].median():.0f}",
        )  # fmt: skip
    return view
