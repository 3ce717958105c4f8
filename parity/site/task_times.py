"""A task's times as figures and a table: bars with intervals, cost against size, time against error."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from parity.site.plots import COLOURS, DASHES, MARKS, OTHERS, Figure
from parity.site.sources import Found
from parity.site.times import Timed, place_of
from parity.site.units import grouped
from parity.site.writing import Site
from parity.task import SIZES
from parity.timing.report import duration, factor

TALL = 26  # pixels of a bar
# Of a framework's backends, in their order: bars' patterns, and variants of its marker.
SHAPES, VARIANTS = ("", "/", "x", ".", "-"), ("", "-open", "-dot", "-open-dot")
STEPS = {1: (1, 2, 5), 2: (1, 3)}  # ticks of a decade, on an axis of at most so many; else 1
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
    places = _places(timed)
    figures = [figure for draw in (_bars, _errors, _cost) for figure in draw(site, task, timed, places)]
    rows = [(name, row, factor(row.median / best[row.line, row.column.result])) for name, row in timed]
    return Times(figures, rows, [(name, row) for name, row in named if row.skip_reason])


Named = Sequence[tuple[str, Timed]]
Places = Mapping[str, int]


def _places(rows: Named) -> Places:
    """Of each backend the place among those of its framework: they share a colour, and differ in what follows it."""
    of = grouped(dict(rows).items(), lambda pair: pair[1].column.framework)
    return {name: place for pairs in of.values() for place, (name, _) in enumerate(pairs)}


def _bars(site: Site, task: str, rows: Named, places: Places) -> list[Figure]:
    """A figure for each size: a bar for each loop and backend."""
    figures = []
    for size, of in sorted(grouped(rows, lambda pair: pair[1].size).items(), key=lambda item: place_of(item[0])):
        traces = []
        for name, own in grouped(of, lambda pair: pair[0]).items():
            timed = [row for _, row in own]
            shape = SHAPES[places[name] % len(SHAPES)]
            pattern = {"shape": shape, "fillmode": "overlay", "fgcolor": "#ffffff", "fgopacity": 0.4}
            traces.append({
                "type": "bar", "orientation": "h", "name": name, "y": [row.loop for row in timed],
                "x": [row.median for row in timed], "text": ["!" if row.disturbed else "" for row in timed],
                "textposition": "inside", "insidetextanchor": "start", "constraintext": "none", "textangle": 0,
                "insidetextfont": {"color": "#ffffff", "weight": 700},
                "hovertext": [f"{row.loop}, {name}: {row}" for row in timed], "hoverinfo": "text",
                "marker": {"color": _colour(timed[0]), "pattern": pattern},
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
        title = f"Time of a call at {size}, with the least and the greatest of the turns"
        said = [f"{loop} {who}, {duration(row.median)}" for loop, (who, row) in fastest.items()]
        says = f"the fastest: {'; '.join(said)}"
        disturbed = ", ".join(f"{row.loop} {name}" for name, row in of if row.disturbed)
        if disturbed:
            title, says = f"{title}; ! was disturbed", f"{says}; disturbed: {disturbed}"
        figures.append(site.figure(
            f"{task}-time-{size}", title, says, traces,
            ["loop", "backend", "least seconds", "median seconds", "greatest seconds", "disturbed"],
            [[row.loop, name, row.low, row.median, row.high, row.disturbed] for name, row in of],
            height=max(220, TALL * len(of) + 80), barmode="group", yaxis={"autorange": "reversed"},
            xaxis=_seconds([value for _, row in of for value in (row.low / 2, row.high)]),
        ))  # fmt: skip
    return figures


def _cost(site: Site, task: str, rows: Named, places: Places) -> list[Figure]:
    """Seconds an example against size, a figure for each loop that was timed at several sizes."""
    figures = []
    for loop, of in grouped(rows, lambda pair: pair[1].loop).items():
        by_name = grouped(of, lambda pair: pair[0])
        costs = {
            name: {row.size: row.median / row.examples for _, row in own if row.examples}
            for name, own in by_name.items()
        }
        each = {name: by for name, by in costs.items() if len(by) > 1}  # one point is no line
        if not each:
            continue
        sizes = [size for size in SIZES if any(size in by for by in each.values())]
        traces = [
            {
                "type": "scatter", "mode": "lines+markers", "name": name, "x": list(by), "y": list(by.values()),
                "line": {"color": _colour(by_name[name][0][1]), "dash": DASHES[places[name] % len(DASHES)]},
                "marker": {"symbol": _mark(by_name[name][0][1], places[name]), "size": 9},
            }
            for name, by in each.items()
        ]  # fmt: skip
        said = [
            f"{name}: {', '.join(f'{size} {duration(cost)}' for size, cost in by.items())}" for name, by in each.items()
        ]
        figures.append(site.figure(
            f"{task}-cost-{loop}", f"{loop}: cost of an example by size", "; ".join(said), traces, ["size", *each],
            [[size, *(by.get(size) for by in each.values())] for size in sizes],
            xaxis={"type": "category", "categoryorder": "array", "categoryarray": sizes},
            yaxis=_seconds([cost for by in each.values() for cost in by.values()]),
        ))  # fmt: skip
    return figures


def _errors(site: Site, task: str, rows: Named, places: Places) -> list[Figure]:
    """Time against the worst noise units of the same loop."""
    known = [(name, row, row.units) for name, row in rows if row.units is not None and math.isfinite(row.units)]
    if not known:
        return []
    traces: list[dict[str, Any]] = [
        {
            "type": "scatter", "mode": "markers", "name": name, "x": [row.median for _, row, _ in own],
            "y": [units for _, _, units in own], "text": [f"{row.loop} {row.size}" for _, row, _ in own],
            "hovertemplate": "%{text}: %{x:.3s}s, %{y:.3g} units",
            "marker": {"color": _colour(own[0][1]), "size": 11, "symbol": _mark(own[0][1], places[name])},
        }
        for name, own in grouped(known, lambda one: one[0]).items()
    ]  # fmt: skip
    name, worst, units = max(known, key=lambda one: one[2])
    return [site.figure(
        f"{task}-error", "Time against error", f"the most noise units, {units:.3g}, has {worst.loop} in {name}",
        traces, ["loop", "size", "backend", "median seconds", "noise units"],
        [[row.loop, row.size, name, row.median, units] for name, row, units in known],
        xaxis=_seconds([row.median for _, row, _ in known]),
        yaxis={"title": {"text": "noise units of 30"}, "rangemode": "tozero"},
    )]  # fmt: skip


def _colour(row: Timed) -> str:
    return COLOURS.get(row.column.framework, OTHERS[0])


def _mark(row: Timed, place: int) -> str:
    return MARKS.get(row.column.framework, "circle") + VARIANTS[place % len(VARIANTS)]


def _seconds(values: Sequence[float]) -> dict[str, Any]:
    """A logarithmic axis that holds these, and says its unit at every tick."""
    low, high = math.log10(min(values)) - 0.1, math.log10(max(values)) + 0.1
    steps = STEPS.get(math.ceil(high - low), (1,))
    ticks = [step * 10.0**power for power in range(math.floor(low), math.ceil(high)) for step in steps]
    return {"type": "log", "range": [low, high], "tickvals": ticks, "ticktext": [duration(tick) for tick in ticks]}
