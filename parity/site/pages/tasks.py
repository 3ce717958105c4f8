"""A page for each task: what it teaches, prints and claims, the three sources, units, times, and what it aligns."""

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from parity.aligned import aligned
from parity.divergences import catalogue
from parity.frameworks.runtime import PACKAGES
from parity.judging.shown import setting
from parity.judging.verdict import Row
from parity.site import lessons, task_times, units
from parity.site.pages.divergences import gap_of
from parity.site.plots import COLOURS, NAMES, Figure, beside, in_words, lines, number
from parity.site.sources import Found
from parity.site.writing import Site
from parity.task import FRAMEWORKS, Task


def write(site: Site, found: Found) -> None:
    """All of them; a result of a task that is no more has no page."""
    every = list(found.tasks)
    for place, (name, task) in enumerate(found.tasks.items()):
        result, taught = _taught(found, name)
        numbers = {**task.sizes.get("base", {}), **task.config}
        before, after = every[place - 1 : place] or [""], every[place + 1 : place + 2] or [""]
        site.page(
            f"tasks/{name}.html", "task.html", title=task.title, task=task, names=NAMES, package=PACKAGES,
            settings=", ".join(f"{key} {setting(value)}" for key, value in numbers.items()),
            result=result if len(found.runs) > 1 else "", views=lessons.views(site, name, taught),
            claims=_claims(found, name), sources=_sources(task), units=_units(found, name),
            growth=_growth(site, name, taught), times=task_times.of_task(site, found, name),
            before=before[0], after=after[0],
            aligns=[(catalogue()[one], gap_of(catalogue()[one], found.divergences)) for one in task.aligns],
        )  # fmt: skip


def _taught(found: Found, task: str) -> tuple[str, dict[str, Any]]:
    """The first result with lessons of a task, and these by framework."""
    for result, run in found.runs.items():
        mine = {lesson["framework"]: lesson for lesson in run.lessons if lesson["task"] == task}
        if mine:
            return result, {f: mine[f] for f in FRAMEWORKS if f in mine}
    return "", {}


def _claims(found: Found, task: str) -> list[dict[str, Any]]:
    """Each claim, where it does not hold in any of the results, and the frameworks it is about if not all."""
    every = [(result, one) for result, run in found.runs.items() for one in run.lessons if one["task"] == task]
    said: dict[str, list[tuple[str, str, str]]] = {}
    for result, lesson in every:
        for text, verdict in lesson["claims"].items():
            said.setdefault(text, []).append((NAMES.get(lesson["framework"], lesson["framework"]), result, verdict))
    frameworks = {lesson["framework"] for _, lesson in every}
    claims = []
    for text, verdicts in said.items():
        about = list(dict.fromkeys(framework for framework, *_ in verdicts))
        not_in = [f"{f} @ {r}" if len(found.runs) > 1 else f for f, r, verdict in verdicts if verdict != "holds"]
        claims.append({"text": text, "not_in": not_in, "about": about if len(about) < len(frameworks) else []})
    return claims


def _sources(task: Task) -> list[tuple[str, dict[str, str]]]:
    """The implementations, aligned function by function."""
    folders = {f: Path(importlib.util.find_spec(package).origin).parent for f, package in PACKAGES.items()}  # type: ignore[union-attr, arg-type]
    files = {f: (folder / f"{task.name}.py").read_text("utf-8") for f, folder in folders.items()}
    return aligned(files, ("build", *task.stages))


def _units(found: Found, task: str) -> list[dict[str, Any]]:
    """A table for each size and dtype: outputs by framework and result; the worst of its modes and devices."""
    of: dict[tuple[str, str], dict[str, dict[str, list[Row]]]] = {}
    for result, every in found.judged():
        suffix = f" {result}" if len(found.runs) > 1 else ""
        for row in every:
            if row.task == task:
                by_output = of.setdefault((row.size, row.dtype), {}).setdefault(row.output, {})
                by_output.setdefault(NAMES.get(row.framework, row.framework) + suffix, []).append(row)
    tables = []
    for (size, dtype), outputs in sorted(of.items(), key=lambda item: item[0] != ("base", "float32")):
        columns = list(dict.fromkeys(column for by_column in outputs.values() for column in by_column))
        lines_ = [
            {
                "output": output or "the whole run",
                "cells": [units.cell(by_column.get(column, [])) for column in columns],
                "reasons": list(dict.fromkeys(row.reason for rows in by_column.values() for row in rows if row.reason)),
            }
            for output, by_column in outputs.items()
        ]
        worst = units.cell([row for by_column in outputs.values() for rows in by_column.values() for row in rows])
        tables.append({
            "size": size, "dtype": dtype, "columns": columns, "lines": lines_, "worst": worst,
            "has_reasons": any(line["reasons"] for line in lines_),
        })  # fmt: skip
    return tables


def _growth(site: Site, task: str, taught: Mapping[str, Any]) -> list[Figure]:
    """For trainings: the noise units of each epoch, a figure for each output."""
    keys = dict.fromkeys(key for lesson in taught.values() for key in lesson["units_by_row"])
    figures = []
    for key in keys:
        curves = {
            NAMES[f]: [number(value) for value in lesson["units_by_row"][key]]
            for f, lesson in taught.items() if key in lesson["units_by_row"]
        }  # fmt: skip
        rows = range(1, max(map(len, curves.values())) + 1)
        whose = {NAMES[f]: f for f in COLOURS}
        figures.append(site.figure(
            f"{task}-growth-{key}", f"{key}: the error of each row", in_words(curves),
            lines(curves, rows, frameworks=whose), ["row", *curves], beside(rows, curves),
            xaxis={"title": {"text": "epoch or step"}}, yaxis={"title": {"text": "noise units"}, "rangemode": "tozero"},
        ))  # fmt: skip
    return figures
