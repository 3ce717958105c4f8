"""The entry point of a command: an interruption is one line, and whatever goes wrong is exit code 2."""

import os
import sys
import traceback
from collections.abc import Callable

import typer

from parity.interruption import Interrupted, listen
from parity.task import UsageError


def run_command(command: Callable[..., None], name: str, *, kept: str) -> None:
    """Run a command with the arguments of this process, and exit with its code.

    Args:
        kept: what an interruption leaves behind, in words.
    """
    restore = listen()
    try:
        typer.run(command)
    except UsageError as error:
        _end(f"{name}: {error}")
    except Interrupted:
        _end(f"{name}: interrupted; {kept}, and the same command continues")
    except BrokenPipeError as error:  # of the reader of the output
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the rest of the buffer cannot be written
        _end(f"{name}: the output cannot be written: {error.strerror}")
    except Exception as error:  # exit code 1, Python's own, would be a verdict
        traceback.print_exc()
        _end(f"{name}: {type(error).__name__}: {error}")
    finally:
        restore()


def _end(reason: str) -> None:
    print(reason, file=sys.stderr)
    sys.exit(2)
