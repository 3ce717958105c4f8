"""A task's times as figures and a table: bars with intervals, cost against size, time against error."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from parity.site import times
from parity.site.plots import COLOURS, DASHES, MARKS, OTHERS, Figure, number
from parity.site.sources import Found
from parity.site.writing import Site
from parity.task import SIZES
from parity.timing.report import duration

TALL = 26  # pixels of a bar
SHAPES = ("", "/", "x", ".", "-")  # of the bars of a framework's modes


@dataclass(frozen=True)
class Timing:
    """What a task's page shows of its times."""

    bars: list[Figure]
    cost: list[Figure]
    errors: list[Figure]
    rows: list[dict[str, Any]]
    skipped: list[dict[str, str]]


def of_task(site: Site, found: Found, task: str) -> Timing:
    """The figures and rows of one task, of all results."""
    rows = times.timed(found.times)
    mine = rows[rows["task"] == task]
    if len(found.times) > 1:
        mine = mine.assign(backend=mine["backend"] + " @ " + mine["result"])
    return Timing(
        _bars(site, task, mine), _cost(site, task, mine), _errors(site, task, mine), _rows(mine), _skipped(found, task)
    )


def _bars(site: Site, task: str, rows: pd.DataFrame) -> list[Figure]:
    """A figure for each size: a bar for each loop and backend."""
    figures = []
    for size, group in rows.groupby("size", sort=False):
        traces = []
        for place, (backend, own) in enumerate(group.groupby("backend", sort=False)):
            framework = str(own["framework"].iloc[0])
            shape = list(group[group["framework"] == framework]["backend"].unique()).index(backend)
            traces.append({
                "type": "bar", "orientation": "h", "name": backend, "y": list(own["loop"]),
                "x": list(own["median_seconds"]), "text": ["disturbed" if row.disturbed else "" for row in own.itertuples()],
                "hovertext": [f"{row.loop}, {backend}: {times.said(row)}" for row in own.itertuples()], "hoverinfo": "text",
                "marker": {"color": COLOURS.get(framework, OTHERS[place % len(OTHERS)]),
                           "pattern": {"shape": SHAPES[shape % len(SHAPES)], "fgopacity": 0.5}},
                "error_x": {"type": "data", "symmetric": False, "array": list(own["high_seconds"] - own["median_seconds"]),
                            "arrayminus": list(own["median_seconds"] - own["low_seconds"]), "thickness": 1.2, "width": 3},
            })  # fmt: skip
        columns = ["loop", "backend", "low_seconds", "median_seconds", "high_seconds"]
        best = group.loc[group.groupby("loop", sort=False)["median_seconds"].idxmin()]
        figures.append(site.figure(
            f"{task}-time-{size}", f"Time of a call at {size}, with the least and the greatest of the turns",
            "the fastest: " + "; ".join(f"{row.loop} {row.backend} in {duration(row.median_seconds)}" for row in best.itertuples()),
            traces, columns, group[columns].to_numpy().tolist(), height=max(220, TALL * len(group) + 110),
            barmode="group", xaxis={"title": {"text": "seconds"}, "type": "log"}, yaxis={"autorange": "reversed"},
        ))  # fmt: skip
    return figures


def _cost(site: Site, task: str, rows: pd.DataFrame) -> list[Figure]:
    """Seconds an example against size, a figure for each loop that was timed at several sizes."""
    figures = []
    for loop, group in rows.groupby("loop", sort=False):
        sizes = [size for size in SIZES if size in set(group["size"])]
        if len(sizes) < 2 or "examples" not in group:
            continue
        each = group.assign(cost=group["median_seconds"] / group["examples"])
        table = each.pivot_table(index="size", columns="backend", values="cost", sort=False).reindex(sizes)
        framework = dict(zip(each["backend"], each["framework"], strict=True))
        traces = [
            {
                "type": "scatter", "mode": "lines+markers", "name": backend, "x": sizes,
                "y": [number(value) for value in table[backend]],
                "line": {"color": COLOURS.get(framework[backend], OTHERS[0]), "dash": DASHES[place % len(DASHES)]},
                "marker": {"symbol": MARKS.get(framework[backend], "circle"), "size": 9},
            }
            for place, backend in enumerate(table.columns)
        ]  # fmt: skip
        said = "; ".join(
            f"{b} from {duration(table[b].iloc[0])} to {duration(table[b].iloc[-1])}" for b in table.columns
        )
        figures.append(site.figure(
            f"{task}-cost-{loop}", f"{loop}: cost of an example by size", said, traces, ["size", *table.columns],
            [[size, *table.loc[size]] for size in sizes], xaxis={"type": "category"},
            yaxis={"title": {"text": "seconds an example"}, "type": "log"},
        ))  # fmt: skip
    return figures


def _errors(site: Site, task: str, rows: pd.DataFrame) -> list[Figure]:
    """Time against the worst noise units of the same loop."""
    if "units" not in rows or rows["units"].dropna().empty:
        return []
    known = rows.dropna(subset="units")
    traces = [
        {
            "type": "scatter", "mode": "markers", "name": backend, "x": list(own["median_seconds"]), "y": list(own["units"]),
            "text": [f"{row.loop} {row.size}" for row in own.itertuples()], "hovertemplate": "%{text}: %{x:.3s}s, %{y:.3g} units",
            "marker": {"color": COLOURS.get(own["framework"].iloc[0], OTHERS[0]), "size": 11,
                       "symbol": MARKS.get(own["framework"].iloc[0], "circle") + ("" if place % 2 == 0 else "-open")},
        }
        for place, (backend, own) in enumerate(known.groupby("backend", sort=False))
    ]  # fmt: skip
    columns = ["loop", "size", "backend", "median_seconds", "units"]
    worst = known.loc[known["units"].idxmax()]
    return [site.figure(
        f"{task}-error", "Time against error", f"{len(known)} loops; the most noise units, {worst['units']:.3g}, has {worst['loop']} in {worst['backend']}",
        traces, columns, known[columns].to_numpy().tolist(), xaxis={"title": {"text": "seconds"}, "type": "log"},
        yaxis={"title": {"text": "noise units of 30"}, "rangemode": "tozero"},
    )]  # fmt: skip


def _rows(rows: pd.DataFrame) -> list[dict[str, Any]]:
    fastest = rows.groupby(["loop", "size", "result"])["median_seconds"].transform("min") if len(rows) else []
    return [
        {
            "loop": row.loop, "size": row.size, "backend": row.backend, "median": duration(row.median_seconds),
            "interval": f"{duration(row.low_seconds)} to {duration(row.high_seconds)}", "seconds": row.median_seconds,
            "ratio": times.factor(row.median_seconds / best), "units": getattr(row, "units", None),
            "build": getattr(row, "build_seconds", None), "first": getattr(row, "first_seconds", None),
            "disturbed": row.disturbed,
        }
        for row, best in zip(rows.itertuples(), fastest, strict=True)
    ]  # fmt: skip


def _skipped(found: Found, task: str) -> list[dict[str, str]]:
    """The loops without a time, and why."""
    return [
        {"backend": str(row.backend), "loop": str(row.loop), "reason": str(row.skip_reason)}
        for rows in found.times.values()
        for row in rows[(rows["task"] == task) & (rows["skip_reason"] != "")].itertuples()
    ]
