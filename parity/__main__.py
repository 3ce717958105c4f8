"""The command `parity`, also as `python -m parity` from a bare checkout."""

import os
import signal
import sys
import threading
from types import FrameType
from typing import Any


class Interrupted(BaseException):
    """Ctrl-C or SIGTERM.  It is not a KeyboardInterrupt, since typer would handle that itself."""


def main() -> None:
    """The entry point.  At any moment, an interruption or a failing output is one line and exit code 2."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    sys.unraisablehook = _interrupt_again
    try:
        from parity.cli import run  # imported here, since Ctrl-C may come during the import

        sys.exit(run())
    except Interrupted:
        _end("interrupted")
    except OSError as error:  # of the terminal, pipe or disk that receives the output
        _end(f"the output cannot be written: {error.strerror}")


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise Interrupted  # while it propagates, workers end and unfinished files are removed


def _interrupt_again(lost: Any) -> None:
    """What is raised in a callback of the interpreter's is lost, so an interruption comes once more, outside of it."""
    if issubclass(lost.exc_type, Interrupted):
        threading.Timer(0.05, signal.raise_signal, [signal.SIGINT]).start()
    else:
        sys.__unraisablehook__(lost)


def _end(reason: str) -> None:
    print(f"parity: {reason}", file=sys.stderr)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the rest of standard output's buffer cannot be written
    sys.exit(2)


if __name__ == "__main__":
    main()
