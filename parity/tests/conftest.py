"""The command `parity` in this process: the frameworks' and pandas' imports are paid once, not by every test."""

import signal
import sys
from typing import NamedTuple

import pytest

from parity.__main__ import main


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
