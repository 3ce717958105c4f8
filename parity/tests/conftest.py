"""The command `parity` in this process, whose imports are then paid once; and a task of a test's own."""

import signal
import sys
from types import ModuleType
from typing import NamedTuple

import pytest

from parity.__main__ import main
from parity.frameworks.runtime import PACKAGES
from parity.task import SIZES, Task


class Ran(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def here(monkeypatch, capsys):
    """Run the command in this process, on a terminal of that width."""

    def call(*args, width=240):
        monkeypatch.setattr(sys, "argv", ["parity", *map(str, args)])
        monkeypatch.setattr(signal, "signal", lambda *handler: None)  # pytest's own handlers stay
        monkeypatch.setenv("COLUMNS", str(width))
        with pytest.raises(SystemExit) as exit_:
            main()
        return Ran(exit_.value.code or 0, *capsys.readouterr())

    return call


@pytest.fixture
def made(monkeypatch):
    """Make a task of no exercise, small enough to know its numbers on paper, and its implementation."""

    def call(stages, *functions, framework="numpy", params=None, batch=None, **fields):
        module = ModuleType(f"{PACKAGES[framework]}.made")
        for function in functions:
            setattr(module, function.__name__, function)
        monkeypatch.setitem(sys.modules, module.__name__, module)
        words = {"topic": "0 Tests", "title": "Made", "lesson": "", "sizes": {size: {} for size in SIZES}}
        words["make"] = lambda rng, **size: (params or {}, batch or {})
        return Task(name="made", stages=stages, **words | fields)

    return call
