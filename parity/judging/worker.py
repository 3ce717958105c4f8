"""A framework in a process of its own, so that a crash or a hang there is one failed call and not the end."""

import multiprocessing
import os
import tempfile
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from parity.judging.run import Failure

T = TypeVar("T")


class WorkerError(Exception):
    """A call that did not come back: it raised, it took too long, or its process died."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(str(failure))
        self.failure = failure


class Worker:
    """A process that is started at its first call, serves one call at a time, and is replaced when it is lost."""

    def __init__(self) -> None:
        self._process: Any = None
        self._connection: Connection | None = None
        self._stderr: Any = None

    def call(self, function: Callable[..., T], *args: Any, timeout: float, **kwargs: Any) -> T:
        """`function(*args, **kwargs)` in the process; function, arguments and result are pickled.

        Raises:
            WorkerError: with the failure of the call, after `timeout` seconds, or when the process dies.
        """
        if self._connection is None:
            self._start()
        assert self._connection is not None
        try:
            self._connection.send((function, args, kwargs))
            if not self._connection.poll(timeout):
                self.close()
                raise WorkerError(_failure("TimeoutError", f"no result within {timeout:g} s"))
            failure, result = self._connection.recv()
        except (EOFError, OSError) as error:
            self._process.join(5)
            said = f"exit code {self._process.exitcode} {self._last_words()}".rstrip()
            self.close()
            raise WorkerError(_failure("ProcessDied", said)) from error
        if failure is not None:
            raise WorkerError(failure)
        return result  # type: ignore[no-any-return]  # what function returned, through a pipe

    def close(self) -> None:
        """End the process, whatever it is doing; the next call starts another."""
        if self._connection is not None:
            self._connection.close()
            self._process.kill()
            self._process.join()
            self._stderr.close()
            self._connection = None

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")  # a fork of a process with threads may hang
        self._connection, theirs = context.Pipe()
        # What libraries log while they are imported is no news; what they say last before they die is.
        self._stderr = tempfile.NamedTemporaryFile()  # noqa: SIM115  # lives as long as the process
        self._process = context.Process(target=_serve, args=(theirs, self._stderr.name), daemon=True)
        self._process.start()
        theirs.close()

    def _last_words(self) -> str:
        lines = [line for line in self._stderr.read().decode(errors="replace").splitlines() if line.strip()]
        return lines[-1] if lines else ""


def _serve(connection: Connection, stderr: str) -> None:
    with open(stderr, "ab") as file:
        os.dup2(file.fileno(), 2)
    while True:
        try:
            function, args, kwargs = connection.recv()
        except (EOFError, KeyboardInterrupt):
            return
        try:
            answer: tuple[Failure | None, Any] = None, function(*args, **kwargs)
        except Exception as error:
            answer = Failure.of(error), None
        connection.send(answer)


def _failure(kind: str, message: str) -> Failure:
    return Failure((kind,), message, f"{kind}: {message}")
