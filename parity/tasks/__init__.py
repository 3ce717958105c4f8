"""The exercises: one specification a file, found by its name."""

import importlib
import pkgutil

from parity.task import Task, choose


def names() -> list[str]:
    """The tasks that exist, in the order of the course."""
    return sorted(_modules(), key=lambda name: (int(load(name).topic.split()[0]), name))


def load(name: str) -> Task:
    """The task of that name; UsageError with the nearest name where there is none."""
    choose("task", name, _modules())
    task: Task = importlib.import_module(f"parity.tasks.{name}").TASK
    return task


def _modules() -> list[str]:
    return [module.name for module in pkgutil.iter_modules(__path__)]
