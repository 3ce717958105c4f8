"""Files that are written completely or not at all; only a regular file is replaced."""

import contextlib
import os
import stat
import sys
import tempfile
from pathlib import Path

from parity.task import UsageError

STANDARD_OUTPUT = Path("-")


class WholeFile:
    """A file that is written completely or not at all; the constructor checks that it can be written.

    A link stays, and its target is written.  A device or a FIFO is written to and not replaced.  `-` is standard
    output.

    Raises:
        UsageError: the path cannot be written; the message names it and the reason.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._streams = path == STANDARD_OUTPUT or (path.exists() and not path.is_file() and not path.is_dir())
        self._target = path if self._streams else path.resolve()
        if self._target.is_dir():
            raise UsageError(f"{path} is a folder; name a file")
        if not self._streams:
            handle, temporary = self._temporary()
            os.close(handle)
            temporary.unlink()

    def write(self, content: str | bytes) -> None:
        """Write the content; if that fails, UsageError, and the old file is unchanged."""
        data = content.encode() if isinstance(content, str) else content
        try:
            if self.path == STANDARD_OUTPUT:
                sys.stdout.flush()
                sys.stdout.buffer.write(data)
                sys.stdout.buffer.flush()
            elif self._streams:
                self._target.write_bytes(data)
            else:
                self._replace(data)
        except OSError as error:
            raise UsageError(f"{self.path} cannot be written: {error.strerror}") from error

    def _replace(self, data: bytes) -> None:
        handle, temporary = self._temporary()
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            temporary.chmod(self._mode())
            temporary.replace(self._target)
        finally:
            with contextlib.suppress(FileNotFoundError):
                temporary.unlink()

    def _mode(self) -> int:
        """The mode of the existing file, or the mode that open() would give a new one."""
        if self._target.exists():
            return stat.S_IMODE(self._target.stat().st_mode)
        umask = os.umask(0)
        os.umask(umask)
        return 0o666 & ~umask

    def _temporary(self) -> tuple[int, Path]:
        try:
            handle, name = tempfile.mkstemp(dir=self._target.parent, prefix=f".{self._target.name}.")
        except OSError as error:
            raise UsageError(f"{self.path} cannot be written: {error.strerror}") from error
        return handle, Path(name)
