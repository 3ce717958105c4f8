"""A framework in a process of its own, so that a crash or a hang there is one failed call and not the end."""

import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from parity.run import Failure

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
            code = self._process.exitcode
            self.close()
            raise WorkerError(_failure("ProcessDied", f"exit code {code}")) from error
        if failure is not None:
            raise WorkerError(failure)
        return result  # type: ignore[no-any-return]  # what function returned, through a pipe

    def close(self) -> None:
        """End the process, whatever it is doing; the next call starts another."""
        if self._connection is not None:
            self._connection.close()
            self._process.kill()
            self._process.join()
            self._connection = None

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")  # a fork of a process with threads may hang
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()


def _serve(connection: Connection) -> None:
    while True:
        try:
            function, args, kwargs = connection.recv()
        except (EOFError, KeyboardInterrupt):
            return
        try:
            result = None, function(*args, **kwargs)
        except Exception as error:
            result = Failure.of(error), None
        connection.send(result)


def _failure(kind: str, message: str) -> Failure:
    return Failure((kind,), message, f"{kind}: {message}")
