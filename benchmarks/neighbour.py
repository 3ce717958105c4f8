"""A busy neighbour: a process that computes while something is measured."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def neighbour(statement: str, *, setup: str = "pass") -> Iterator[subprocess.Popen[bytes]]:
    """A process that repeats a statement for as long as the block lasts; it ends with the one that started it, too."""
    code = f"import os, sys\n{setup}\nwhile os.getppid() == int(sys.argv[1]): {statement}"
    process = subprocess.Popen([sys.executable, "-c", code, str(os.getpid())])
    try:
        yield process
    finally:
        process.kill()
        process.wait()
