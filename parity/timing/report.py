"""What a person sees of times: the contestants of each loop side by side, and why what has no time has none."""

from collections.abc import Iterator

import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text
from scipy import stats

from parity.timing.measure import TURNS, ratio

INTERVAL = f"least and greatest of {TURNS} turns, a {100 * (1 - 2.0 ** (1 - TURNS)):.1f} % interval"
MOST_NAMED = 3  # tasks that a line names


def report(console: Console, times: pd.DataFrame) -> None:
    """The tables, and why what has no time has none."""
    refused = times["refused"] != ""
    if not refused.all():
        console.print(table(times))
        console.print(first_calls(times))
    if refused.any():
        console.print(refusals(times[refused]))


def table(times: pd.DataFrame) -> Table:
    """Loop by contestant: the median and its ratio to the fastest with its interval; best in bold."""
    timed = set(times[times["refused"] == ""]["contestant"])
    contestants = [contestant for contestant in times["contestant"].unique() if contestant in timed]
    view = Table(title=f"Median time, and its ratio to the fastest: {INTERVAL}", title_justify="left")
    view.add_column("task", no_wrap=True)
    view.add_column("loop", overflow="fold")
    for contestant in contestants:
        view.add_column(contestant, justify="right", overflow="fold")
    for (task, loop), group in times.groupby(["task", "loop"], sort=False):
        by_contestant = {row["contestant"]: row for _, row in group.iterrows()}
        view.add_row(str(task), str(loop), *_cells(by_contestant, contestants))
    for label, means in _means(times, contestants):
        view.add_section()
        best = min(means.values(), default=1.0)
        cells = (
            f"{'[bold]' if means[c] == best else ''}{factor(means[c])}" if c in means else "n/a" for c in contestants
        )
        view.add_row(label, "geo. mean", *cells)
    return view


def first_calls(times: pd.DataFrame) -> Table:
    """How long each contestant takes before it is warm: importing, building, and the first call."""
    view = Table(title="Before it is warm: seconds, summed over the loops", title_justify="left")
    for column in ("contestant", "import, once", "build", "first call", "steady, one call each"):
        view.add_column(column, justify="right" if column != "contestant" else "left")
    timed = times[times["refused"] == ""]
    for contestant, group in timed.groupby("contestant", sort=False):
        sums = group[["build_seconds", "first_seconds", "median_seconds"]].sum()
        view.add_row(str(contestant), *(f"{value:.3g}" for value in (group["import_seconds"].iloc[0], *sums)))
    return view


def refusals(refused: pd.DataFrame) -> Table:
    """Why there is no time, for whom and on what; red where there was to be one."""
    view = Table(title="No time", title_justify="left")
    for column in ("contestant", "loops", "reason"):
        view.add_column(column, overflow="fold")
    for (contestant, reason, failed), group in refused.groupby(["contestant", "refused", "failed"], sort=False):
        tasks = [f"{task} {' '.join(loops)}" for task, loops in group.groupby("task", sort=False)["loop"]]
        where = "; ".join(tasks) if len(tasks) <= MOST_NAMED else f"{len(group)} of {len(tasks)} tasks"
        view.add_row(str(contestant), where, Text(str(reason)), style="red" if failed else "dim")
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


def _cells(by_contestant: dict[str, pd.Series], contestants: list[str]) -> Iterator[str]:
    timed = {name: row for name, row in by_contestant.items() if not row["refused"]}
    best = min(timed, key=lambda name: timed[name]["median_seconds"], default="")
    for contestant in contestants:
        if contestant not in timed:
            yield "[dim]n/a[/]"
            continue
        text = duration(timed[contestant]["median_seconds"])
        if contestant == best:
            yield f"[bold green]{text}[/]"
        else:
            low, value, high = ratio(timed[contestant]["seconds"], timed[best]["seconds"])
            yield f"{text} [dim]{factor(value)} {factor(low)[1:]}-{factor(high)[1:]}[/]"


def _means(times: pd.DataFrame, contestants: list[str]) -> Iterator[tuple[str, dict[str, float]]]:
    """By topic and over all: each contestant's geometric mean ratio to the fastest, over loops that all have."""
    timed = times[times["refused"] == ""]
    wide = timed.pivot_table(index=["topic", "task", "loop"], columns="contestant", values="median_seconds", sort=False)
    wide = wide.dropna()
    if wide.empty:
        return
    ratios = wide.div(wide.min(axis=1), axis=0)
    for topic, group in ratios.groupby(level="topic", sort=False):
        number = str(topic).partition(" ")[0]
        yield f"topic {number}", {c: float(stats.gmean(group[c])) for c in contestants if c in group}
    yield "all", {c: float(stats.gmean(ratios[c])) for c in contestants if c in ratios}
