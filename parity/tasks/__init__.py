"""The exercises: one specification a file, found by its name."""

import functools
import importlib
import pkgutil

from parity.task import Task, UsageError, choose


def names() -> list[str]:
    """The tasks that exist, in the order of the course."""
    return sorted(_modules(), key=lambda name: (int(load(name).topic.split()[0]), name))


def load(name: str) -> Task:
    """The task of that name.

    Raises:
        UsageError: there is none, with the nearest name; or its file does not hold one, with the file and the reason.
    """
    choose("task", name, _modules())
    try:
        task: Task = importlib.import_module(f"parity.tasks.{name}").TASK
    except Exception as error:  # of a specification that somebody is writing
        raise UsageError(f"parity/tasks/{name}.py: {type(error).__name__}: {error}") from error
    if task.name != name:
        raise UsageError(f"parity/tasks/{name}.py: its task is called {task.name!r}, the file {name!r}")
    return task


def has_own_settings(task: Task) -> bool:
    """Whether a task is configured as its exercise is, about which it states values and claims."""
    return task.name not in _modules() or dict(task.config) == dict(load(task.name).config)


@functools.cache  # a run asks thousands of times
def _modules() -> tuple[str, ...]:
    return tuple(module.name for module in pkgutil.iter_modules(__path__))
