"""The first page: what was run, and who is where."""

import json
import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from parity.judging.report import count_of
from parity.judging.verdict import PASSING, Row
from parity.site import times, units
from parity.site.plots import NAMES
from parity.site.sources import Found
from parity.site.writing import Site
from parity.task import DEVICES, DTYPES, MODES
from parity.timing.report import factor

WORST = 5  # rows of a list of the worst


def write(site: Site, found: Found) -> None:
    """The page with both heat maps."""
    rows = [row for _, of in found.judged() for row in of]
    timed = times.timed(found.times)
    site.page(
        "index.html", "home.html", title="Home", units_map=_units_map(found), times_map=_times_map(found, timed),
        summary=_summary(rows), worst_units=_worst_units(found, rows), worst_ratios=_worst_ratios(found, timed),
        choices=_choices(found, rows, timed), environments={
            name: card(run.environment) | {"quiet": _quiet(timed[timed["result"] == name])}
            for name, run in found.runs.items()
        },
        several=len(found.results) > 1,
    )  # fmt: skip


def card(environment: dict[str, Any]) -> dict[str, str]:
    """What a person wants to know of the machine, in words."""
    facts = {
        "processor": f"{environment.get('cpu', '?')}, {count_of(int(environment.get('cores') or 0), 'core')}",
        "system": f"{environment.get('platform', '?')}, Python {environment.get('python', '?')}",
        "BLAS": f"{', '.join(environment.get('blas', ()))}, {count_of(int(environment.get('blas_threads') or 0), 'thread')}",
        "parity": str(environment.get("parity", "?")),
    }
    for name, info in environment["frameworks"].items():
        there = {package: version for package, version in info["versions"].items() if version != "none"}
        versions = ", ".join(f"{package} {version}" for package, version in there.items())
        where = f" on {' and '.join(info['devices'])}" if info.get("devices") else ""
        facts[NAMES.get(name, name)] = info["missing"] if info.get("missing") else versions + where
    return facts


def _units_map(found: Found) -> dict[str, Any]:
    """A line for each task, a cell for each framework and result, with the worst of each device, dtype and mode."""
    of: dict[str, dict[tuple[str, str], list[Row]]] = {}
    columns: dict[tuple[str, str], None] = {}
    for result, rows in found.judged():
        for (task, framework), group in units.grouped(rows, lambda row: (row.task, row.framework)).items():
            of.setdefault(task, {})[framework, result] = group
            columns[framework, result] = None
    lines = []
    for task in [*(name for name in found.tasks if name in of), *(name for name in of if name not in found.tasks)]:
        cells = []
        for column in columns:
            group = of[task].get(column, [])
            ways = {way: units.cell(own).plain() for way, own in units.grouped(group, units.way).items()}
            cells.append({"shown": units.cell(group), "by": json.dumps(ways)})
        lines.append({**_about(found, task), "cells": cells})
    return {"columns": [(NAMES.get(framework, framework), result) for framework, result in columns], "lines": lines}


def _times_map(found: Found, timed: pd.DataFrame) -> dict[str, Any]:
    if timed.empty:
        return {}
    table = times.medians(timed)
    columns = [c for c in times.columns_of(timed) if (c.result, c.backend) in table.columns]
    of = times.ratios(table)
    mean_of = {reference: times.means(table) for reference, table in of.items()}
    marked = timed[timed["disturbed"]][["task", "loop", "size", "result", "backend"]]
    disturbed = set(marked.itertuples(index=False, name=None))
    references = list(dict.fromkeys(["torch", *of])) if "torch" in of else list(of)

    def cell(ratios: dict[str, float]) -> dict[str, Any]:
        shown = times.plain(ratios.get(references[0], math.nan))
        packed = {reference: times.plain(ratio) for reference, ratio in ratios.items()}
        return {"ratios": json.dumps(packed), "shown": shown[0] if shown else "–"}

    lines = []
    for key in table.index:
        topic, task, loop, size = map(str, key)
        cells = [
            cell({reference: ratios.loc[key, (c.result, c.backend)] for reference, ratios in of.items()})
            | {"disturbed": (task, loop, size, c.result, c.backend) in disturbed}
            for c in columns
        ]
        lines.append({**_about(found, task), "topic": topic, "loop": loop, "size": size, "cells": cells})
    feet = [
        {"topic": topic, "cells": [
            cell({reference: means[topic][c.result, c.backend] for reference, means in mean_of.items() if topic in means})
            for c in columns
        ]}
        for topic in dict.fromkeys(topic for means in mean_of.values() for topic in means)
    ]  # fmt: skip
    return {"columns": columns, "lines": lines, "feet": feet, "references": references}


def _about(found: Found, task: str) -> dict[str, str]:
    """A task as the tables name it; one that this version does not have has no page."""
    known = found.tasks.get(task)
    if known is None:
        return {"task": task, "address": "", "topic": "no longer a task here", "title": ""}
    return {"task": task, "address": f"tasks/{task}.html", "topic": known.topic, "title": known.title}


def _summary(rows: Sequence[Row]) -> dict[str, Any]:
    by_way = units.grouped(rows, lambda row: (NAMES.get(row.framework, row.framework), row.dtype))
    return {
        "tasks": len({row.task for row in rows}), "outputs": len(rows),
        "bad": sum(row.verdict not in PASSING for row in rows),
        "worst": [{"framework": f, "dtype": dtype, "cell": units.cell(group)} for (f, dtype), group in by_way.items()],
    }  # fmt: skip


def _worst_units(found: Found, rows: Sequence[Row]) -> list[dict[str, Any]]:
    by_task = units.grouped(rows, lambda row: (row.task, row.framework))
    worst = sorted((max(group, key=units.order) for group in by_task.values()), key=units.order, reverse=True)
    return [
        {**_about(found, row.task), "framework": NAMES.get(row.framework, row.framework), "output": row.output,
         "cell": units.cell([row])}
        for row in worst[:WORST]
    ]  # fmt: skip


def _worst_ratios(found: Found, timed: pd.DataFrame) -> list[dict[str, Any]]:
    if timed.empty:
        return []
    ratios = times.ratios(times.medians(timed))[times.FASTEST].stack(["result", "backend"], future_stack=True).dropna()
    worst = ratios.sort_values(ascending=False).head(WORST)
    return [
        {**_about(found, str(task)), "loop": loop, "backend": backend, "text": factor(value)}
        for (_, task, loop, _, _, backend), value in worst.items()
    ]  # fmt: skip


def _choices(found: Found, rows: Sequence[Row], timed: pd.DataFrame) -> dict[str, list[str]]:
    """What the filters offer: only what is there."""
    there = {key: {getattr(row, key) for row in rows} | set(timed[key]) for key in ("device", "dtype", "mode", "task")}
    topics = dict.fromkeys(task.topic for name, task in found.tasks.items() if name in there["task"])
    known = {"device": DEVICES, "dtype": DTYPES, "mode": MODES}
    return {"topic": list(topics), **{key: [v for v in known[key] if v in there[key]] for key in known}}


def _quiet(timed: pd.DataFrame) -> str:
    """How quiet the machine was while it timed."""
    if timed.empty:
        return "nothing was timed"
    spread = ((timed["high_seconds"] - timed["low_seconds"]) / timed["median_seconds"]).median()
    many = timed["disturbed"].sum()
    return f"a loop's turns lie {spread:.0%} apart (median of {len(timed)}); {many} disturbed"
