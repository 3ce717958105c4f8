"""What tasks, frameworks and machines look like in a terminal."""

import ast
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.panel import Panel
from rich.syntax import Syntax
from rich.table import Table

from parity.divergences import catalogue
from parity.frameworks.environment import Presence
from parity.frameworks.runtime import PACKAGES
from parity.task import Raises, Stage, Task

ROOT = Path(__file__).parent.parent


def tasks_table(tasks: Sequence[Task]) -> Table:
    """The tasks by topic, with their timed loops."""
    table = Table(title=f"{len(tasks)} tasks", title_justify="left", box=None, pad_edge=False)
    for column in ("task", "title", "loops", "other stages"):
        table.add_column(column)
    topic = ""
    for task in tasks:
        if task.topic != topic:
            topic = task.topic
            table.add_row(f"[bold]{topic}[/]")
        others = [name for name in task.stages if name not in task.loops]
        table.add_row(f"  {task.name}", task.title, " ".join(task.loops), " ".join(others))
    return table


def presence_table(found: dict[str, Presence]) -> Table:
    """Which frameworks are here, with their devices and modes, or how to install them."""
    table = Table(title="Frameworks", title_justify="left")
    for column in ("framework", "versions", "devices", "modes", "settings"):
        table.add_column(column)
    for framework, here in found.items():
        if here.missing:
            table.add_row(framework, f"[red]missing[/] {here.missing}")
        else:
            table.add_row(
                framework, _pairs(here.versions), " ".join(here.devices), " ".join(here.modes), _pairs(here.settings)
            )
    return table


def environment_table(environment: dict[str, Any]) -> Table:
    """The machine and the numerical libraries."""
    table = Table(box=None, show_header=False)
    for key, value in environment.items():
        if key != "frameworks":
            table.add_row(f"[bold]{key}[/]", _pairs(value) if isinstance(value, dict) else str(value))
    return table


def task(console: Console, task: Task) -> None:
    """A task's lesson, its specification, and its implementations with their functions side by side."""
    console.print(Panel(task.lesson, title=f"{task.title} ({task.name}): {task.topic}", title_align="left"))
    stages = Table(title="stages", title_justify="left", box=None)
    for column in ("stage", "", "outputs", "declared"):
        stages.add_column(column)
    for name, stage in task.stages.items():
        stages.add_row(name, "loop" if stage.loop else "", " ".join(stage.outputs), _declared(stage))
    console.print(stages)
    console.print("sizes", {name: dict(size) for name, size in task.sizes.items()})
    if task.config:
        console.print("config", dict(task.config))
    if task.aligns:
        console.print(_aligned(task))
    console.rule(f"parity/tasks/{task.name}.py")
    console.print(_code((ROOT / "parity" / "tasks" / f"{task.name}.py").read_text()))
    console.rule(" | ".join(f"{package}/{task.name}.py" for package in PACKAGES.values()))
    console.print(_side_by_side(task))


def _side_by_side(task: Task) -> Table:
    parts = [_parts((ROOT / package / f"{task.name}.py").read_text()) for package in PACKAGES.values()]
    table = Table(show_header=True, show_lines=True, expand=True)
    for framework in PACKAGES:
        table.add_column(framework, ratio=1)
    for name in ("", "build", *task.stages, "_"):
        if any(part.get(name) for part in parts):
            table.add_row(*(_code(part.get(name, "")) for part in parts))
    return table


def _parts(source: str) -> dict[str, str]:
    """The source cut at its public functions: what stands before `build` under "", private helpers under "_"."""
    lines = source.splitlines()
    parts: dict[str, list[str]] = {}
    name, start = "", 0
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef):
            begin = min(node.lineno, *(d.lineno for d in node.decorator_list), node.lineno) - 1
            parts.setdefault(name, []).extend(lines[start:begin])
            name, start = ("_" if node.name.startswith("_") else node.name), begin
    parts.setdefault(name, []).extend(lines[start:])
    return {name: "\n".join(part).strip("\n") for name, part in parts.items()}


def _aligned(task: Task) -> Table:
    table = Table(title="what the frameworks do differently here", title_justify="left", box=None)
    for column in ("", "what", "torch", "Keras", "aligned by"):
        table.add_column(column)
    for entry in (catalogue()[name] for name in task.aligns):
        table.add_row(entry.name, entry.what, entry.torch, entry.keras, entry.align)
    return table


def _declared(stage: Stage) -> str:
    return "; ".join(
        f"{' '.join(filter(None, (where.framework, where.mode, where.device)))}: "
        + (f"raises {what.error}" if isinstance(what, Raises) else "returns its own value")
        for where, what in stage.declared.items()
    )


def _code(source: str) -> Syntax:
    return Syntax(source, "python", theme="ansi_dark", word_wrap=True, background_color="default")


def _pairs(pairs: dict[str, Any]) -> str:
    return "\n".join(f"{key} {value}" for key, value in pairs.items())
