"""asv's series, drawn here: an overview with what changed, and a page for each task that was measured."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from parity.site.asv import FIGURES, Key, Point, moved
from parity.site.plots import COLOURS, DASHES, MARKS, NAMES, OTHERS, Figure, beside, in_words
from parity.site.sources import Found
from parity.site.units import grouped
from parity.site.writing import Site, slug
from parity.timing.report import duration

SHORT = 8  # characters of a commit
ANEW = "all series begin anew: what is timed is another"
Series = Mapping[Key, Sequence[Point]]


def write(site: Site, found: Found) -> None:
    """The overview, and the pages of tasks."""
    every, pages = found.history.series, found.history.pages
    if pages is not None:
        site.folder_of("asv", pages)
    by_task = {task: {key: every[key] for key in keys} for task, keys in grouped(every, lambda key: key.task).items()}
    site.page(
        "history/index.html", "history.html", title="History", machines=sorted({key.machine for key in every}),
        tasks=[_about(task, of) for task, of in by_task.items()], changed=_changed(every), commits=len(_commits(every)),
        asvs="asv/index.html" if pages else "",
    )  # fmt: skip
    for task, of in by_task.items():
        known = found.tasks.get(task)
        site.page(
            f"history/{slug(task)}.html", "history_task.html", changed=_changed(of), task=task,
            title=f"{known.title if known else task} over the commits", exercise=f"tasks/{task}.html" if known else "",
            figures=list(_figures(site, task, of)), versions=list(_versions(site, task, of)),
        )  # fmt: skip


def said(value: float, figure: str) -> str:
    """A value with its unit."""
    unit = FIGURES.get(figure, ("", ""))[1]
    if unit == "seconds":
        return duration(value)
    if unit == "bytes":
        return f"{value / 2**20:,.0f} MiB"
    return f"{value:,.0f} {unit}" if value >= 100 else f"{value:.3g} {unit}"


def _about(task: str, series: Series) -> dict[str, Any]:
    """A line of the overview."""
    return {
        "task": task, "address": f"{slug(task)}.html", "commits": len(_commits(series)), "series": len(series),
        "latest": _latest(series),
        "moved": len(_changed(series)),
    }  # fmt: skip


def _latest(series: Series) -> str:
    """The newest times of the loop that was measured last, side by side."""
    timed = sorted(
        (key for key in series if key.figure == "time_loop"), key=lambda key: series[key][-1].date, reverse=True
    )
    values: dict[str, str] = {}
    for key in timed:
        if _place(key) == _place(timed[0]):
            values.setdefault(f"{NAMES.get(key.framework, key.framework)} {key.mode}", duration(series[key][-1].value))
    said = ", ".join(f"{name} {value}" for name, value in values.items())
    return f"{_place(timed[0])}: {said}" if timed else ""


def _place(key: Key) -> str:
    return f"{key.loop} {key.size} {key.device} on {key.machine}"


def _commits(series: Series) -> list[str]:
    """All commits in the order of their dates."""
    points = sorted((point for points in series.values() for point in points), key=lambda point: point.date)
    return list(dict.fromkeys(point.commit[:SHORT] for point in points))


def _changed(series: Series) -> list[dict[str, str]]:
    """The values that moved, the newest first; where what is timed is another, once for all series of a task."""
    found: dict[tuple[Any, ...], dict[str, str]] = {}
    for key, points in series.items():
        for before, after in pairwise(points):
            if moved(before, after):
                renewed = before.digest != after.digest
                what = ANEW if renewed else f"{_what(key)} of {_series(key)}"
                found[after.date, key.task, key.machine, what] = {
                    "commit": after.commit[:SHORT], "date": f"{after.date:%Y-%m-%d}", "task": key.task, "what": what,
                    "address": f"{slug(key.task)}.html", "machine": key.machine,
                    "how": "" if renewed else f"{after.value / before.value - 1:+.0%}",
                    "values": "" if renewed else f"{said(before.value, key.figure)} → {said(after.value, key.figure)}",
                }  # fmt: skip
    return [found[place] for place in sorted(found, reverse=True)]


def _figures(site: Site, task: str, series: Series) -> Iterator[Figure]:
    """A figure for each quantity, loop, size and device; a line for each framework, mode, machine and versions."""
    commits = _commits(series)
    for place, keys in grouped(series, lambda key: (key.figure, key.loop, key.size, key.device)).items():
        traces, curves = [], {}
        for number, key in enumerate(keys):
            points = series[key]
            name = ", ".join([f"{NAMES.get(key.framework, key.framework)} {key.mode}", key.versions, key.machine])
            value = {point.commit[:SHORT]: point.value for point in points}
            curves[name] = [value.get(commit) for commit in commits]
            marked = [False, *(moved(*pair) for pair in pairwise(points))]
            symbol = MARKS.get(key.framework, "circle")
            colour = COLOURS.get(key.framework, OTHERS[number % len(OTHERS)])
            traces.append({
                "type": "scatter", "mode": "lines+markers", "name": name, "x": list(value), "y": list(value.values()),
                "line": {"color": colour, "dash": DASHES[number % len(DASHES)]},
                "marker": {"symbol": [f"{symbol}-open-dot" if mark else symbol for mark in marked],
                           "size": [15 if mark else 7 for mark in marked]},
                "text": ["changed" if mark else "" for mark in marked],
            })  # fmt: skip
        yield site.figure(
            f"history-{task}-{'-'.join(place)}", f"{_what(keys[0])}: {' '.join(place[1:])}", in_words(curves), traces,
            ["commit", *curves], beside(commits, curves),
            yaxis={"title": {"text": _unit(keys[0])}, "rangemode": "tozero"},
            xaxis={"type": "category", "categoryorder": "array", "categoryarray": commits, "title": {"text": "commit"}},
        )  # fmt: skip


def _versions(site: Site, task: str, series: Series) -> Iterator[Figure]:
    """Where a framework was measured in several versions: the newest value of each, a figure for each quantity."""
    for (framework, figure), keys in grouped(series, lambda key: (key.framework, key.figure)).items():
        by_versions = grouped(keys, lambda key: key.versions)
        if len(by_versions) < 2:
            continue
        colours = (COLOURS.get(framework, OTHERS[-1]), *OTHERS)
        traces = [
            {"type": "bar", "name": versions, "x": [f"{key.loop} {key.size} {key.mode} {key.machine}" for key in own],
             "y": [series[key][-1].value for key in own], "marker": {"color": colours[place % len(colours)]}}
            for place, (versions, own) in enumerate(by_versions.items())
        ]  # fmt: skip
        yield site.figure(
            f"versions-{task}-{framework}-{figure}", f"{_what(keys[0])} of {NAMES.get(framework, framework)}",
            "; ".join(f"{k.versions}, {_series(k)}: {said(series[k][-1].value, figure)}" for k in keys), traces,
            ["versions", "loop", "size", "mode", "machine", "value"],
            [[key.versions, key.loop, key.size, key.mode, key.machine, series[key][-1].value] for key in keys],
            barmode="group", yaxis={"title": {"text": _unit(keys[0])}},
        )  # fmt: skip


def _what(key: Key) -> str:
    return FIGURES.get(key.figure, (key.figure, ""))[0]


def _unit(key: Key) -> str:
    return FIGURES.get(key.figure, ("", ""))[1]


def _series(key: Key) -> str:
    return f"{NAMES.get(key.framework, key.framework)} {key.loop} {key.size} {key.mode} {key.device}"
