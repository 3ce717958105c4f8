"""The first page: what was run, and who is where."""

import json
from collections.abc import Iterator
from typing import Any

import pandas as pd

from parity.judging.report import count_of
from parity.judging.verdict import PASSING
from parity.site import times, units
from parity.site.plots import NAMES
from parity.site.sources import Found
from parity.site.writing import Site
from parity.task import DEVICES, DTYPES, MODES
from parity.tasks import load, names

WORST = 5  # rows of a list of the worst


def write(site: Site, found: Found) -> None:
    """The page with both heat maps."""
    rows = _rows(found)
    timed = times.timed(found.times)
    site.page(
        "index.html", "home.html", title="Home", units_map=_units_map(found, rows), times_map=_times_map(timed),
        summary=_summary(rows), worst_units=_worst_units(rows), worst_ratios=_worst_ratios(timed),
        choices=_choices(rows, timed), environments={name: card(run.environment) for name, run in found.runs.items()},
        several=len(found.results) > 1, quiet=_quiet(timed),
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
        versions = ", ".join(f"{package} {version}" for package, version in info["versions"].items())
        where = f" on {' and '.join(info['devices'])}" if info.get("devices") else ""
        facts[NAMES.get(name, name)] = info["missing"] if info.get("missing") else versions + where
    return facts


def address_of(task: str) -> str:
    """Where a task's page is; "" for one that this version does not have."""
    return f"tasks/{task}.html" if task in names() else ""


def topic_of(task: str) -> str:
    """A task's topic; a task that is no more has none."""
    return load(task).topic if task in names() else "no longer a task here"


def _rows(found: Found) -> pd.DataFrame:
    """The rows about outputs, of all results."""
    frames = [units.judged(run.rows).assign(result=name) for name, run in found.runs.items()]
    columns = ["task", "framework", "output", "units", "verdict", "result", "device", "dtype", "mode", "size"]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)


def _units_map(found: Found, rows: pd.DataFrame) -> dict[str, Any]:
    columns = [(str(r), str(f)) for r, f in rows[["result", "framework"]].drop_duplicates().itertuples(index=False)]
    of = dict(iter(rows.groupby(["task", "result", "framework"], sort=False)))
    lines = []
    for task in _ordered(rows):
        groups = [of.get((task, *column), rows.iloc[:0]) for column in columns]
        cells = [
            {"shown": units.cell(group), "by": json.dumps({way: c.plain() for way, c in units.by_way(group).items()})}
            for group in groups
        ]
        lines.append({**_about(task), "cells": cells})
    return {"columns": [(NAMES.get(f, f), r) for r, f in columns], "lines": lines}


def _times_map(timed: pd.DataFrame) -> dict[str, Any]:
    if timed.empty:
        return {}
    table = times.medians(timed)
    columns = [c for c in times.columns_of(timed) if (c.result, c.backend) in table.columns]
    of = times.ratios(table)
    mean_of = {reference: times.means(found) for reference, found in of.items()}
    marked = timed[timed["disturbed"]][["task", "loop", "size", "result", "backend"]]
    disturbed = set(marked.itertuples(index=False, name=None))
    lines = []
    for key in table.index:
        topic, task, loop, size = map(str, key)
        cells = [
            {
                "ratios": _packed({ref: found.loc[key, (c.result, c.backend)] for ref, found in of.items()}),
                "disturbed": (task, loop, size, c.result, c.backend) in disturbed,
            }
            for c in columns
        ]
        lines.append({**_about(task), "topic": topic, "loop": loop, "size": size, "cells": cells})
    feet = [
        {"topic": topic, "cells": [
            _packed({ref: found[topic][c.result, c.backend] for ref, found in mean_of.items() if topic in found})
            for c in columns
        ]}
        for topic in dict.fromkeys(topic for found in mean_of.values() for topic in found)
    ]  # fmt: skip
    references = list(dict.fromkeys(["torch", *of])) if "torch" in of else list(of)
    return {"columns": columns, "lines": lines, "feet": feet, "references": references}


def _packed(by_reference: dict[str, float]) -> str:
    return json.dumps({ref: times.plain(value) for ref, value in by_reference.items()})


def _about(task: str) -> dict[str, str]:
    title = load(task).title if task in names() else ""
    return {"task": task, "address": address_of(task), "topic": topic_of(task), "title": title}


def _ordered(rows: pd.DataFrame) -> Iterator[str]:
    """The tasks that were run, in this version's order, and then those that it does not have."""
    ran = dict.fromkeys(map(str, rows["task"]))
    yield from (name for name in names() if name in ran)
    yield from (name for name in ran if name not in names())


def _summary(rows: pd.DataFrame) -> dict[str, Any]:
    bad = rows[~rows["verdict"].isin(PASSING)]
    return {
        "tasks": rows["task"].nunique(), "outputs": len(rows), "bad": len(bad),
        "worst": [
            {"framework": NAMES.get(str(f), str(f)), "dtype": str(d), "cell": units.cell(group)}
            for (f, d), group in rows.groupby(["framework", "dtype"], sort=False)
        ],
    }  # fmt: skip


def _worst_units(rows: pd.DataFrame) -> list[dict[str, Any]]:
    order = rows["units"].where(rows["verdict"].isin(PASSING), units.FAILED).fillna(0)
    worst = rows.loc[order.sort_values(ascending=False, kind="stable").index].drop_duplicates(["task", "framework"])
    return [
        {**_about(str(row.task)), "framework": NAMES.get(str(row.framework), str(row.framework)),
         "output": row.output, "cell": units.cell(worst.loc[[row.Index]])}
        for row in worst.head(WORST).itertuples()
    ]  # fmt: skip


def _worst_ratios(timed: pd.DataFrame) -> list[dict[str, Any]]:
    if timed.empty:
        return []
    found = times.ratios(times.medians(timed))[times.FASTEST].stack(["result", "backend"], future_stack=True).dropna()
    worst = found.sort_values(ascending=False).head(WORST)
    return [
        {**_about(str(task)), "loop": loop, "backend": backend, "text": times.factor(value)}
        for (_, task, loop, _, _, backend), value in worst.items()
    ]  # fmt: skip


def _choices(rows: pd.DataFrame, timed: pd.DataFrame) -> dict[str, list[str]]:
    """What the filters offer: only what is there."""
    both = [frame for frame in (rows, timed) if not frame.empty]
    there = {key: {str(v) for frame in both for v in frame[key].unique()} for key in ("device", "dtype", "mode", "task")}
    topics = dict.fromkeys(load(name).topic for name in names() if name in there["task"])
    known = {"device": DEVICES, "dtype": DTYPES, "mode": MODES}
    return {"topic": list(topics), **{key: [v for v in known[key] if v in there[key]] for key in known}}


def _quiet(timed: pd.DataFrame) -> str:
    """How quiet the machine was while it timed."""
    if timed.empty:
        return "nothing was timed"
    spread = ((timed["high_seconds"] - timed["low_seconds"]) / timed["median_seconds"]).median()
    many = timed["disturbed"].sum()
    return f"a loop's turns lie {spread:.0%} apart (median of {len(timed)}); {many} disturbed"
