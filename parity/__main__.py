"""The command `parity`, also as `python -m parity` from a bare checkout."""

import os
import sys

from parity.interruption import Interrupted, listen


def main() -> None:
    """The entry point.  At any moment, an interruption or a failing output is one line and exit code 2."""
    listen()
    try:
        from parity.cli import run  # imported here, since Ctrl-C may come during the import

        sys.exit(run())
    except Interrupted:
        _end("interrupted")
    except OSError as error:  # of the terminal, pipe or disk that receives the output
        _end(f"the output cannot be written: {error.strerror}")


def _end(reason: str) -> None:
    print(f"parity: {reason}", file=sys.stderr)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the rest of standard output's buffer cannot be written
    sys.exit(2)


if __name__ == "__main__":
    main()
