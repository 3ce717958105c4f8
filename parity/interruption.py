"""Ctrl-C and SIGTERM, as one exception that ends whatever is running."""

import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any


class Interrupted(BaseException):
    """Ctrl-C or SIGTERM.  It is not a KeyboardInterrupt, since typer would handle that itself."""


def listen() -> Callable[[], None]:
    """Raise `Interrupted` at both signals from now on; return what puts the handlers back that were there before."""
    before = {number: signal.signal(number, _interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    hook, sys.unraisablehook = sys.unraisablehook, _again

    def restore() -> None:
        sys.unraisablehook = hook
        for number, handler in before.items():
            signal.signal(number, handler)

    return restore


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise Interrupted  # while it propagates, workers end and unfinished files are removed


def _again(lost: Any) -> None:
    """What is raised in a callback of the interpreter's is lost, so an interruption comes once more, outside of it."""
    if issubclass(lost.exc_type, Interrupted):
        threading.Timer(0.05, signal.raise_signal, [signal.SIGINT]).start()
    else:
        sys.__unraisablehook__(lost)
