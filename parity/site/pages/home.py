"""The first page: what was run, and who is where."""

import json
from collections.abc import Sequence
from typing import Any

from parity.judging.report import count_of
from parity.judging.verdict import PASSING, Row
from parity.site import times, units
from parity.site.plots import NAMES
from parity.site.sources import Found
from parity.site.times import Timed
from parity.site.writing import Site
from parity.task import DEVICES, DTYPES, MODES
from parity.timing.report import factor

WORST = 5  # rows of a list of the worst


def write(site: Site, found: Found) -> None:
    """The page with both heat maps."""
    rows = [row for _, of in found.judged() for row in of]
    site.page(
        "index.html", "home.html", title="Home", units_map=_units_map(found), times_map=_times_map(found),
        summary=_summary(rows), worst_units=_worst_units(found), worst_ratios=_worst_ratios(found),
        choices=_choices(found, rows),
        brief={name: _brief(found, name) for name in found.results},
        not_run=[_about(found, name) for name in found.tasks if name not in _ran(found)],
        environments={name: card(run.environment) for name, run in found.runs.items()},
        several=len(found.results) > 1,
    )  # fmt: skip


def card(environment: dict[str, Any]) -> dict[str, str]:
    """What a person wants to know of the machine, in words."""
    numbers = [info["settings"].get("threads") for info in environment["frameworks"].values() if info.get("settings")]
    threads = count_of(max((number for number in numbers if number), default=0), "thread")
    facts = {
        "processor": f"{environment.get('cpu', '?')}, {count_of(int(environment.get('cores') or 0), 'core')}",
        "system": f"{environment.get('platform', '?')}, Python {environment.get('python', '?')}",
        "BLAS": ", ".join(environment.get("blas", ())),
        "threads": threads,
        "parity": str(environment.get("parity", "?")),
    }
    for name, info in environment["frameworks"].items():
        there = {package: version for package, version in info["versions"].items() if version != "none"}
        versions = ", ".join(f"{package} {version}" for package, version in there.items())
        where = f" on {' and '.join(info['devices'])}" if info.get("devices") else ""
        facts[NAMES.get(name, name)] = info["missing"] if info.get("missing") else versions + where
    return facts


def _brief(found: Found, result: str) -> str:
    """The machine, the versions and the quiet in a line; times alone do not tell the versions."""
    run, rows = found.runs.get(result) or found.divergences.get(result), found.times.get(result, [])
    if run is None:
        return f"{rows[0].machine} · {_quiet(rows)}"
    infos = run.environment.get("frameworks", {}).values()
    versions = dict(pair for info in infos for pair in info["versions"].items())
    parts = [f"{run.environment.get('cpu', '?')}, {count_of(int(run.environment.get('cores') or 0), 'core')}"]
    parts += [f"{package} {version}" for package, version in versions.items() if version != "none"]
    return " · ".join([*parts, _quiet(rows)])


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


def _times_map(found: Found) -> dict[str, Any]:
    """A line for each loop, a cell for each backend with its ratio to every reference, and the means of each topic."""
    table = times.Table(found.timed)
    if not table.lines:
        return {}
    references = table.references

    def cell(ratios: dict[str, float]) -> dict[str, Any]:
        packed = {reference: times.plain(ratio) for reference, ratio in ratios.items()}
        return {"ratios": json.dumps(packed), "shown": packed[references[0]][0] if references[0] in packed else "–"}

    known, loops = list(found.tasks), list(dict.fromkeys(key[1:3] for key in table.lines))

    def place(key: tuple[str, str, str, str]) -> tuple[int, int, int]:
        """In the order of the exercises; the sizes of a loop stand together."""
        return [*known, key[1]].index(key[1]), loops.index(key[1:3]), times.place_of(key[3])

    lines = [
        {
            **_about(found, task), "topic": topic, "loop": loop, "size": size,
            "cells": [
                cell(table.ratios(line, column)) | {"disturbed": column in line and line[column].disturbed}
                for column in table.columns
            ],
        }
        for topic, task, loop, size in sorted(table.lines, key=place)
        for line in (table.lines[topic, task, loop, size],)
    ]  # fmt: skip
    feet = [
        {"topic": topic, "cells": [cell(table.means(topic, column)) for column in table.columns]}
        for topic in dict.fromkeys(["", *(topic for topic, *_ in table.lines)])
    ]
    return {"columns": table.columns, "lines": lines, "feet": feet, "references": references}


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


def _worst_units(found: Found) -> list[dict[str, Any]]:
    worst = [
        (max(group, key=units.order), result)
        for result, rows in found.judged()
        for group in units.grouped(rows, lambda row: (row.task, row.framework)).values()
    ]
    worst.sort(key=lambda one: units.order(one[0]), reverse=True)
    return [
        {**_about(found, row.task), "framework": NAMES.get(row.framework, row.framework), "result": result,
         "cell": units.cell([row])}
        for row, result in worst[:WORST]
    ]  # fmt: skip


def _worst_ratios(found: Found) -> list[dict[str, Any]]:
    table = times.Table(found.timed)
    every = [(table.ratios(line, c)[times.FASTEST], row) for line in table.lines.values() for c, row in line.items()]
    worst = sorted(every, key=lambda one: one[0], reverse=True)[:WORST]
    return [
        {**_about(found, row.task), "loop": row.loop, "backend": row.column.backend, "result": row.column.result,
         "text": factor(ratio)}
        for ratio, row in worst
    ]  # fmt: skip


def _choices(found: Found, rows: Sequence[Row]) -> dict[str, list[str]]:
    """What the filters offer: only what is there."""
    ways = [*rows, *(row.column for row in found.timed)]
    known = {"device": DEVICES, "dtype": DTYPES, "mode": MODES}
    topics = dict.fromkeys(task.topic for name, task in found.tasks.items() if name in _ran(found))
    there = {key: {getattr(way, key) for way in ways} for key in known}
    return {"topic": list(topics), **{key: [v for v in values if v in there[key]] for key, values in known.items()}}


def _ran(found: Found) -> set[str]:
    """The tasks that were judged or timed."""
    return {row.task for _, rows in found.judged() for row in rows} | {row.task for row in found.timed}


def _quiet(rows: Sequence[Timed]) -> str:
    """How quiet the machine was while it timed."""
    timed = [row for row in rows if not row.skip_reason]
    if not timed:
        return "nothing was timed"
    shares = [row.others for row in timed if row.others is not None]
    apart = f"turns of a loop lie {times.spread(timed):.0%} apart"
    if not shares:
        return f"{apart}, what others took of the cores is not measured"
    disturbed = sum(row.disturbed for row in timed)
    return f"{apart}, others took up to {max(shares):.0%} of the cores, {disturbed} of {len(timed)} disturbed"
