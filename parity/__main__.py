"""The command `parity`, also as `python -m parity` from a bare checkout."""

import os
import signal
import sys
from types import FrameType


class Interrupted(BaseException):
    """Ctrl-C or SIGTERM.  It is no KeyboardInterrupt, which typer would answer for us."""


def main() -> None:
    """The entry point.  What cannot be done is one line and exit code 2, at whatever moment it happens."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        from parity.cli import run  # here, since Ctrl-C may come while it is imported

        sys.exit(run())
    except Interrupted:
        _end("interrupted")
    except OSError as error:  # the terminal, pipe or disk that the output goes to
        _end(f"the output cannot be written: {error.strerror}")


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise Interrupted  # on its way up workers end, and what is half written is removed


def _end(reason: str) -> None:
    print(f"parity: {reason}", file=sys.stderr)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is left in standard output's buffer has nowhere to go
    sys.exit(2)


if __name__ == "__main__":
    main()
