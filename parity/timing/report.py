"""The report of times: the backends of each loop side by side, and why a loop is not timed."""

from collections.abc import Iterable, Iterator
from statistics import geometric_mean
from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from parity import tables
from parity.timing.contest import TURNS
from parity.timing.machine import LIMIT
from parity.timing.measure import by_turn, ratio

INTERVAL = f"least and greatest of {TURNS} turns, a {100 * (1 - 2.0 ** (1 - TURNS)):.1f}% interval"
MOST_NAMED = 3  # the most tasks that a line names
COLUMN = 12  # characters of a column on the average, so that no interval is broken


def print_times(console: Console, times: pd.DataFrame) -> None:
    """Print the tables, and why a loop is not timed."""
    skipped = times["skip_reason"] != ""
    if not skipped.all():
        columns = 2 + times[~skipped]["backend"].nunique()
        console.print(medians_table(times, below=columns * COLUMN > console.width))
        for line in about_the_machine(times[~skipped]):
            console.print(line, markup=False, highlight=False)
        console.print(first_calls(times))
    if skipped.any():
        console.print(skipped_table(times[skipped]))


def medians_table(times: pd.DataFrame, *, below: bool = False) -> Table:
    """Each backend's median for each loop, and its ratio to the fastest with the interval; the best in bold.

    Args:
        below: whether the backends stand one below another, where a screen has no room for them side by side.
    """
    timed = set(times[times["skip_reason"] == ""]["backend"])
    backends = [backend for backend in times["backend"].unique() if backend in timed]
    title = f"Median time, and its ratio to the fastest: {INTERVAL}"
    columns = ["backend", "median"] if below else backends
    view = tables.table(title, ("task", "loop", *columns), names=("task", "backend"), right=columns[below:])

    def add(first: str, second: str, cells: Iterable[str]) -> None:
        if not below:
            view.add_row(first, second, *cells)
            return
        for backend, cell in zip(backends, cells, strict=True):
            view.add_row(first, second, backend, cell)
            first = second = ""

    for (task, loop), group in times.groupby(["task", "loop"], sort=False):
        add(str(task), str(loop), _cells({row["backend"]: row for _, row in group.iterrows()}, backends))
    for label, means in _means(times, backends):
        view.add_section()
        best = min(means.values(), default=1.0)
        cells = (f"{'[bold]' if means[c] == best else ''}{factor(means[c])}" if c in means else "n/a" for c in backends)
        add(label, "geo. mean", cells)
    return view


def about_the_machine(timed: pd.DataFrame) -> Iterator[str]:
    """What the marks in the table mean, and how many loops the means leave out; or that nothing was measured."""
    disturbed, every = _loops(timed[_disturbed(timed)]), _loops(timed)
    if disturbed:
        yield (
            "! others took this share of the cores meanwhile, also in the spare turns, so one or another thread of the "
            f"loop may have been without its core for more than {LIMIT:.0%} of the time: {disturbed} of {every} loops "
            "are disturbed, and left out of the geometric means"
        )
    if timed["others"].isna().any():
        yield "what others took of the cores is not measured on this system"
    numbers = ", ".join(str(n) for n in timed["threads"].unique())
    yield f"threads: {numbers}; spare turns, since others disturbed the first: {timed['spare_turns'].sum():.0f}"


def first_calls(times: pd.DataFrame) -> Table:
    """How long each backend takes before it is warm: importing, building, and the first call."""
    columns = ("import, once", "build", "first call", "steady, one call each")
    title = "Before a loop is warm: seconds, summed over the loops"
    view = tables.table(title, ("backend", *columns), names=("backend",), right=columns)
    timed = times[times["skip_reason"] == ""]
    for backend, group in timed.groupby("backend", sort=False):
        sums = group[["build_seconds", "first_seconds", "median_seconds"]].sum()
        view.add_row(str(backend), *(f"{value:.3g}" for value in (group["import_seconds"].iloc[0], *sums)))
    return view


def skipped_table(skipped: pd.DataFrame) -> Table:
    """The loops without a time, by backend and reason; in red after an error."""
    view = tables.table("Not timed", ("backend", "loops", "reason"), names=("backend",))
    for (backend, reason, failed), group in skipped.groupby(["backend", "skip_reason", "failed"], sort=False):
        tasks = [f"{task} {' '.join(loops)}" for task, loops in group.groupby("task", sort=False)["loop"]]
        where = "; ".join(tasks) if len(tasks) <= MOST_NAMED else f"{len(group)} of {len(tasks)} tasks"
        view.add_row(str(backend), where, Text(str(reason)), style="red" if failed else "dim")
    return view


def duration(seconds: float) -> str:
    """A time with its unit, to three digits."""
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def factor(ratio: float) -> str:
    """A ratio, to three digits."""
    return f"x{ratio:.2f}" if ratio < 10 else f"x{ratio:.3g}"


def mark(row: "pd.Series[Any]") -> str:
    """The share of the cores that others took, of a row that is disturbed."""
    disturbed = not pd.isna(row["disturbed"]) and row["disturbed"]
    return f" [yellow]!{row['others']:.0%}[/]" if disturbed else ""


def _disturbed(times: pd.DataFrame) -> "pd.Series[bool]":
    """Which rows are; not those of which nothing is measured."""
    return times["disturbed"].fillna(False).astype(bool)


def _cells(by_backend: dict[str, pd.Series], backends: list[str]) -> Iterator[str]:
    timed = {name: row for name, row in by_backend.items() if not row["skip_reason"]}
    best = min(timed, key=lambda name: timed[name]["median_seconds"], default="")
    for backend in backends:
        if backend not in timed:
            yield "[dim]n/a[/]"
            continue
        row = timed[backend]
        text = duration(row["median_seconds"]) + mark(row)
        if backend == best:
            yield f"[bold green]{text}[/]"
        else:
            low, value, high = ratio(by_turn(row), by_turn(timed[best]))
            yield f"{text} [dim]{factor(value)} {factor(low)[1:]}-{factor(high)[1:]}[/]"


def _means(times: pd.DataFrame, backends: list[str]) -> Iterator[tuple[str, dict[str, float]]]:
    """By topic and over all: each backend's geometric mean ratio to the fastest, over quiet loops that all have."""
    timed = times[(times["skip_reason"] == "") & ~_disturbed(times)]
    wide = timed.pivot_table(index=["topic", "task", "loop"], columns="backend", values="median_seconds", sort=False)
    wide = wide.dropna()
    if wide.empty:
        yield "all", {}
        return
    ratios = wide.div(wide.min(axis=1), axis=0)
    for topic, group in ratios.groupby(level="topic", sort=False):
        number = str(topic).partition(" ")[0]
        yield f"topic {number}", {c: geometric_mean(group[c]) for c in backends if c in group}
    yield "all", {c: geometric_mean(ratios[c]) for c in backends if c in ratios}


def _loops(rows: pd.DataFrame) -> int:
    return len(rows[["task", "loop"]].drop_duplicates())
