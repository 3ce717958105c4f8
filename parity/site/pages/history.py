"""asv's series, drawn here: an overview with what changed, and a page for each task that was measured."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from parity.site.asv import FIGURES, changes
from parity.site.plots import COLOURS, DASHES, MARKS, NAMES, OTHERS, Figure, in_words, number
from parity.site.sources import Found
from parity.site.writing import Site, slug
from parity.timing.report import duration

SERIES = ["machine", "versions", "framework", "task", "device", "figure", "loop", "size", "mode"]
SHORT = 8  # characters of a commit


def write(site: Site, found: Found) -> None:
    """The overview, and the pages of tasks."""
    rows = found.history.rows
    rows = rows.assign(moved=False)
    if len(rows):
        rows["moved"] = rows.groupby(SERIES, sort=False, group_keys=False)[["value", "low", "high", "digest"]].apply(
            changes
        )
    pages = found.history.pages
    if pages is not None:
        site.folder_of("asv", pages)
    site.page(
        "history/index.html", "history.html", title="History", machines=sorted(rows["machine"].unique()),
        tasks=[_about(task, of) for task, of in rows.groupby("task", sort=False)], changed=list(_changed(rows)),
        asvs="asv/index.html" if pages else "", commits=rows["commit"].nunique(),
    )  # fmt: skip
    for task, of in rows.groupby("task", sort=False):
        title = found.tasks[task].title if task in found.tasks else task
        figures = list(_figures(site, str(task), of))
        site.page(
            f"history/{slug(str(task))}.html", "history_task.html", title=f"{title} over the commits", task=task, figures=figures,
            versions=list(_versions(site, str(task), of)), exercise=f"tasks/{task}.html" if task in found.tasks else "",
            changed=list(_changed(of)),
        )  # fmt: skip


def said(value: float, figure: str) -> str:
    """A value with its unit."""
    unit = FIGURES.get(figure, ("", ""))[1]
    if unit == "seconds":
        return duration(value)
    if unit == "bytes":
        return f"{value / 2**20:,.0f} MiB"
    return f"{value:,.0f} {unit}" if value >= 100 else f"{value:.3g} {unit}"


def _about(task: Any, rows: pd.DataFrame) -> dict[str, Any]:
    """A line of the overview: the latest time of each framework."""
    times = rows[rows["figure"] == "time_loop"]
    latest = times.groupby("framework", sort=False)["value"].last()
    return {
        "task": task, "address": f"{slug(str(task))}.html", "commits": rows["commit"].nunique(),
        "series": rows.groupby(SERIES).ngroups, "moved": int(rows["moved"].sum()),
        "latest": ", ".join(f"{NAMES.get(str(f), f)} {duration(float(value))}" for f, value in latest.items()),
    }  # fmt: skip


def _changed(rows: pd.DataFrame) -> Iterator[dict[str, str]]:
    """The values that moved, the newest first."""
    before = rows.groupby(SERIES, sort=False)[["value", "digest"]].shift()
    renewed = set()
    for place, row in rows[rows["moved"]].iloc[::-1].iterrows():
        old = before.loc[place]
        about = {
            "commit": row["commit"][:SHORT], "date": f"{row['date']:%Y-%m-%d}", "task": row["task"],
            "address": f"{slug(row['task'])}.html", "machine": row["machine"],
        }  # fmt: skip
        if row["digest"] == old["digest"]:
            change = f"{row['value'] / old['value'] - 1:+.0%}"
            values = f"{said(old['value'], row['figure'])} → {said(row['value'], row['figure'])}"
            yield {**about, "what": f"{_figure(row['figure'])} of {_series(row)}", "how": change, "values": values}
        elif (row["commit"], row["task"], row["machine"]) not in renewed:  # once for all series of a task
            renewed.add((row["commit"], row["task"], row["machine"]))
            yield {**about, "what": "all series begin anew: what is timed is another", "how": "", "values": ""}


def _figures(site: Site, task: str, rows: pd.DataFrame) -> Iterator[Figure]:
    """A figure for each quantity, loop, size and device: a line for each framework, mode, machine and set of versions."""
    commits = list(dict.fromkeys(rows.sort_values("date", kind="stable")["commit"]))
    for (figure, loop, size, device), of in rows.groupby(["figure", "loop", "size", "device"], sort=False):
        traces, curves = [], {}
        for place, (key, own) in enumerate(of.groupby(["framework", "mode", "versions", "machine"], sort=False)):
            framework, mode, versions, machine = map(str, key)
            name = ", ".join(dict.fromkeys([f"{NAMES.get(framework, framework)} {mode}", versions, machine]))
            value = dict(zip(own["commit"], own["value"], strict=True))
            curves[name] = [value.get(commit) for commit in commits]
            colour = COLOURS.get(framework, OTHERS[place % len(OTHERS)])
            traces.append({
                "type": "scatter", "mode": "lines+markers", "name": name, "x": [c[:SHORT] for c in own["commit"]],
                "y": [number(v) for v in own["value"]], "line": {"color": colour, "dash": DASHES[place % len(DASHES)]},
                "marker": {
                    "symbol": [MARKS.get(framework, "circle") + ("-open-dot" if moved else "") for moved in own["moved"]],
                    "size": [15 if moved else 7 for moved in own["moved"]],
                },
                "text": ["changed" if moved else "" for moved in own["moved"]],
            })  # fmt: skip
        what, unit = FIGURES.get(str(figure), (str(figure), ""))
        yield site.figure(
            f"history-{task}-{figure}-{loop}-{size}-{device}", f"{what}: {loop}, {size}, {device}", in_words(curves), traces,
            ["commit", *curves], [[c[:SHORT], *(curve[n] for curve in curves.values())] for n, c in enumerate(commits)],
            height=300 + 20 * len(traces),
            xaxis={"type": "category", "categoryorder": "array", "categoryarray": [c[:SHORT] for c in commits],
                   "title": {"text": "commit"}},
            yaxis={"title": {"text": unit}, "rangemode": "tozero"},
        )  # fmt: skip


def _versions(site: Site, task: str, rows: pd.DataFrame) -> Iterator[Figure]:
    """Where a framework was measured in several versions: the newest value of each, a figure for each quantity."""
    for (framework, figure), of in rows.groupby(["framework", "figure"], sort=False):
        if of["versions"].nunique() < 2:
            continue
        latest = of.groupby(["versions", "loop", "size", "mode", "machine"], sort=False).last().reset_index()
        traces = [
            {"type": "bar", "name": versions, "x": [_combination(row) for row in own.itertuples()],
             "y": [number(v) for v in own["value"]], "marker": {"color": (COLOURS.get(str(framework)), *OTHERS)[place % 6]}}
            for place, (versions, own) in enumerate(latest.groupby("versions", sort=False))
        ]  # fmt: skip
        what, unit = FIGURES.get(str(figure), (str(figure), ""))
        columns = ["versions", "loop", "size", "mode", "machine", "value"]
        yield site.figure(
            f"versions-{task}-{framework}-{figure}", f"{what} of {NAMES.get(str(framework), framework)} by version",
            "; ".join(f"{row.versions}, {_combination(row)}: {said(row.value, str(figure))}" for row in latest.itertuples()),
            traces, columns, latest[columns].to_numpy().tolist(), barmode="group", yaxis={"title": {"text": unit}},
        )  # fmt: skip


def _figure(function: str) -> str:
    return FIGURES.get(function, (function, ""))[0]


def _series(row: Any) -> str:
    return f"{NAMES.get(row['framework'], row['framework'])} {row['loop']} {row['size']} {row['mode']} {row['device']}"


def _combination(row: Any) -> str:
    return f"{row.loop} {row.size} {row.mode} {row.machine}"
