"""A task's times as figures and a table: bars with intervals, cost against size, time against error."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from parity.site.plots import COLOURS, DASHES, MARKS, OTHERS, Figure
from parity.site.sources import Found
from parity.site.times import Timed
from parity.site.units import grouped
from parity.site.writing import Site
from parity.task import SIZES
from parity.timing.report import duration, factor

TALL = 26  # pixels of a bar
SHAPES = ("", "/", "x", ".", "-")  # of the bars of a framework's modes
SECONDS = {"type": "log", "dtick": "D2", "exponentformat": "SI", "ticksuffix": "s"}
WHISKER = "#868e98"  # seen on a bar and on both themes


@dataclass(frozen=True)
class Times:
    """What a task's page shows of its times."""

    figures: list[Figure]
    rows: list[tuple[str, Timed, str]]  # the backend's name, the row, its ratio to the fastest
    skipped: list[tuple[str, Timed]]


def of_task(site: Site, found: Found, task: str) -> Times:
    """The figures and rows of one task, of all results."""
    several = len(found.times) > 1
    named = [
        (f"{row.column.backend} @ {row.column.result}" if several else row.column.backend, row)
        for row in found.timed
        if row.task == task
    ]
    timed = [(name, row) for name, row in named if not row.skip_reason]
    best = {
        key: min(row.median for _, row in of)
        for key, of in grouped(timed, lambda pair: (pair[1].line, pair[1].column.result)).items()
    }
    figures = [*_bars(site, task, timed), *_errors(site, task, timed), *_cost(site, task, timed)]
    rows = [(name, row, factor(row.median / best[row.line, row.column.result])) for name, row in timed]
    return Times(figures, rows, [(name, row) for name, row in named if row.skip_reason])


Named = Sequence[tuple[str, Timed]]


def _bars(site: Site, task: str, rows: Named) -> list[Figure]:
    """A figure for each size: a bar for each loop and backend."""
    figures = []
    for size, of in grouped(rows, lambda pair: pair[1].size).items():
        seen: dict[str, int] = {}
        traces = []
        for name, own in grouped(of, lambda pair: pair[0]).items():
            timed = [row for _, row in own]
            framework = timed[0].column.framework
            seen[framework] = seen.get(framework, -1) + 1
            shape = SHAPES[seen[framework] % len(SHAPES)]
            traces.append({
                "type": "bar", "orientation": "h", "name": name, "y": [row.loop for row in timed],
                "x": [row.median for row in timed], "text": ["disturbed" if row.disturbed else "" for row in timed],
                "hovertext": [f"{row.loop}, {name}: {row}" for row in timed], "hoverinfo": "text",
                "marker": {"color": _colour(timed[0]), "pattern": {"shape": shape, "fgopacity": 0.5}},
                "error_x": {
                    "type": "data", "symmetric": False, "thickness": 1.4, "width": 3, "color": WHISKER,
                    "array": [row.high - row.median for row in timed],
                    "arrayminus": [row.median - row.low for row in timed],
                },
            })  # fmt: skip
        fastest = {
            loop: min(pairs, key=lambda pair: pair[1].median)
            for loop, pairs in grouped(of, lambda pair: pair[1].loop).items()
        }
        figures.append(site.figure(
            f"{task}-time-{size}", f"Time of a call at {size}, with the least and the greatest of the turns",
            "the fastest: " + "; ".join(f"{loop} {who},  {duration(r.median)}" for loop, (who, r) in fastest.items()),
            traces, ["loop", "backend", "least seconds", "median seconds", "greatest seconds"],
            [[row.loop, name, row.low, row.median, row.high] for name, row in of],
            height=max(220, TALL * len(of) + 110), barmode="group", xaxis=SECONDS, yaxis={"autorange": "reversed"},
        ))  # fmt: skip
    return figures


def _cost(site: Site, task: str, rows: Named) -> list[Figure]:
    """Seconds an example against size, a figure for each loop that was timed at several sizes."""
    figures = []
    for loop, of in grouped(rows, lambda pair: pair[1].loop).items():
        sizes = [size for size in SIZES if any(row.size == size for _, row in of)]
        each = {
            name: {row.size: row.median / row.examples for _, row in own if row.examples}
            for name, own in grouped(of, lambda pair: pair[0]).items()
        }
        if len(sizes) < 2:
            continue
        traces = [
            {
                "type": "scatter", "mode": "lines+markers", "name": name, "x": sizes,
                "y": [each[name].get(size) for size in sizes],
                "line": {"color": _colour(own[0][1]), "dash": DASHES[place % len(DASHES)]},
                "marker": {"symbol": _mark(own[0][1]), "size": 9},
            }
            for place, (name, own) in enumerate(grouped(of, lambda pair: pair[0]).items())
        ]  # fmt: skip
        said = [
            f"{name}: {', '.join(f'{size} {duration(cost)}' for size, cost in by.items())}" for name, by in each.items()
        ]
        figures.append(site.figure(
            f"{task}-cost-{loop}", f"{loop}: cost of an example by size", "; ".join(said), traces, ["size", *each],
            [[size, *(by.get(size) for by in each.values())] for size in sizes], xaxis={"type": "category"},
            yaxis=SECONDS,
        ))  # fmt: skip
    return figures


def _errors(site: Site, task: str, rows: Named) -> list[Figure]:
    """Time against the worst noise units of the same loop."""
    known = [(name, row, row.units) for name, row in rows if row.units is not None and math.isfinite(row.units)]
    if not known:
        return []
    traces: list[dict[str, Any]] = [
        {
            "type": "scatter", "mode": "markers", "name": name, "x": [row.median for _, row, _ in own],
            "y": [units for _, _, units in own], "text": [f"{row.loop} {row.size}" for _, row, _ in own],
            "hovertemplate": "%{text}: %{x:.3s}s, %{y:.3g} units",
            "marker": {"color": _colour(own[0][1]), "size": 11,
                       "symbol": _mark(own[0][1]) + ("-open" if place % 2 else "")},
        }
        for place, (name, own) in enumerate(grouped(known, lambda one: one[0]).items())
    ]  # fmt: skip
    name, worst, units = max(known, key=lambda one: one[2])
    return [site.figure(
        f"{task}-error", "Time against error", f"the most noise units, {units:.3g}, has {worst.loop} in {name}",
        traces, ["loop", "size", "backend", "median seconds", "noise units"],
        [[row.loop, row.size, name, row.median, units] for name, row, units in known], xaxis=SECONDS,
        yaxis={"title": {"text": "noise units of 30"}, "rangemode": "tozero"},
    )]  # fmt: skip


def _colour(row: Timed) -> str:
    return COLOURS.get(row.column.framework, OTHERS[0])


def _mark(row: Timed) -> str:
    return MARKS.get(row.column.framework, "circle")
