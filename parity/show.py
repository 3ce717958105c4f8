"""What tasks, frameworks and machines look like in a terminal."""

import itertools
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.syntax import Syntax
from rich.table import Table

from parity.aligned import aligned
from parity.divergences import Divergence, catalogue, find
from parity.divergences.report import as_it_comes
from parity.frameworks.environment import FrameworkInfo
from parity.frameworks.runtime import PACKAGES
from parity.tables import paragraph, table
from parity.task import Raises, Stage, Task, UsageError, nearest
from parity.tasks import load, names

ROOT = Path(__file__).parents[1]
WIDE = 150  # columns that leave room for three implementations side by side


def tasks(console: Console, tasks: Sequence[Task]) -> None:
    """The tasks by topic, with their stages; the timed ones are marked."""
    what = "1 task and its stages" if len(tasks) == 1 else f"{len(tasks)} tasks and their stages"
    console.print(f"{what}; * is a loop, which is timed", highlight=False)
    for topic, of_topic in itertools.groupby(tasks, key=lambda task: task.topic):
        view = Table(title=f"[bold]{topic}[/]", title_justify="left", box=None, show_header=False, padding=(0, 1, 0, 2))
        for width in (19, 24, None):
            view.add_column(width=width, overflow="fold")
        for task in of_topic:
            stages = (f"{name}*" if name in task.loops else name for name in task.stages)
            view.add_row(task.name, task.title, " ".join(stages))
        console.print(view)


def frameworks_table(found: dict[str, FrameworkInfo]) -> Table:
    """Which frameworks are here, with their devices and modes, or how to install them."""
    view = table("Frameworks", ("framework", "versions", "devices", "modes", "settings"), names=("framework",))
    for framework, here in found.items():
        if here.missing:
            view.add_row(framework, f"[red]missing[/] {here.missing}")
        else:
            view.add_row(
                framework, _pairs(here.versions), " ".join(here.devices), " ".join(here.modes), _pairs(here.settings)
            )
    return view


def environment_table(environment: dict[str, Any]) -> Table:
    """The machine and the numerical libraries."""
    table = Table(box=None, show_header=False)
    for key, value in environment.items():
        if key != "frameworks":
            table.add_row(f"[bold]{key}[/]", _pairs(value) if isinstance(value, dict) else str(value))
    return table


def whatever(console: Console, asked: str) -> None:
    """The task or the divergence of this name; of a word, all that have it in their name, title or text.

    Raises:
        UsageError: nothing has it; the message has the names that look like it.
    """
    tasks, entries = names(), catalogue()
    exact = [name for name in (*tasks, *entries) if name.lower() == asked.lower()]
    found = exact or [
        *(name for name in tasks if _has(asked, name, load(name).title, load(name).lesson)),
        *(entry.name for entry in find(asked)),
    ]
    if not found:
        near = nearest(asked, [*tasks, *entries])
        hint = f"; did you mean {' or '.join(near)}?" if near else "; parity list shows the tasks"
        raise UsageError(f"no task and no divergence is called {asked!r}, or has it in its text{hint}")
    if len(found) > 1:
        console.print(_matches(found, entries, asked))
    elif found[0] in entries:
        from parity.divergences.check import full  # here, since it imports what measures

        full(console, entries[found[0]])
    else:
        task(console, load(found[0]))


def task(console: Console, task: Task) -> None:
    """A task's lesson, its specification, and its implementations: function by function, side by side where it fits."""
    console.print(
        Panel(
            task.lesson,
            title=f"{task.title} ({task.name})",
            subtitle=task.topic,
            subtitle_align="left",
            title_align="left",
        )
    )
    stages = table("stages", ("stage", "", "outputs", "where frameworks differ"), names=("stage",))
    for name, stage in task.stages.items():
        stages.add_row(name, "loop" if stage.timed else "", " ".join(stage.outputs), _expected_divergence(stage))
    console.print(stages)
    console.print("sizes", {name: dict(size) for name, size in task.sizes.items()})
    if task.config:
        console.print("config", dict(task.config))
    if task.aligns:
        console.print("what the frameworks do differently; parity show NAME shows one", highlight=False)
        for name in task.aligns:
            line = paragraph(as_it_comes(catalogue()[name]), console.width - 2)
            console.print(textwrap.indent(line, "  "), markup=False, highlight=False)
    console.rule(f"parity/tasks/{task.name}.py")
    console.print(_code((ROOT / "parity" / "tasks" / f"{task.name}.py").read_text()))
    console.rule(" | ".join(f"{package}/{task.name}.py" for package in PACKAGES.values()))
    sources = {name: (ROOT / package / f"{task.name}.py").read_text() for name, package in PACKAGES.items()}
    rows = aligned(sources, ("build", *task.stages))
    if console.width >= WIDE:
        console.print(_side_by_side(list(sources), rows))
    else:
        _stacked(console, rows)


def _has(word: str, *texts: str) -> bool:
    return any(word.lower() in text.lower() for text in texts)


def _matches(found: Sequence[str], entries: dict[str, type[Divergence]], asked: str) -> Table:
    view = table(f"{asked!r} is in these; parity show NAME shows one", ("name", "what"), names=("name",))
    for name in found:
        view.add_row(name, escape(entries[name].title) if name in entries else load(name).title)
    return view


def _side_by_side(frameworks: Sequence[str], rows: Sequence[tuple[str, dict[str, str]]]) -> Table:
    table = Table(show_header=True, show_lines=True, expand=True)
    for framework in frameworks:
        table.add_column(framework, ratio=1)
    for _, row in rows:
        table.add_row(*(_code(row.get(framework, "")) for framework in frameworks))
    return table


def _stacked(console: Console, rows: Sequence[tuple[str, dict[str, str]]]) -> None:
    for name, row in rows:
        for framework, source in row.items():
            console.rule(f"{framework} {name}".strip(), align="left", style="dim")
            console.print(_code(source))


def _expected_divergence(stage: Stage) -> str:
    return "; ".join(
        f"{' '.join(filter(None, (where.framework, where.mode, where.device)))}: "
        + (f"raises {what.error}" if isinstance(what, Raises) else "returns its own value")
        for where, what in stage.expected_divergence.items()
    )


def _code(source: str) -> Syntax:
    return Syntax(source, "python", theme="ansi_dark", word_wrap=True, background_color="default")


def _pairs(pairs: dict[str, Any]) -> str:
    return "\n".join(f"{key} {value}" for key, value in pairs.items())
