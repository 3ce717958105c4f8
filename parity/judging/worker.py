"""Code in a process of its own, so that a crash or a hang there is one failed call and not the end."""

import contextlib
import multiprocessing
import os
import signal
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any, TypeVar

import pebble

from parity.judging.run import Failure

T = TypeVar("T")

pebble.CONSTS.term_timeout = 0.2  # seconds to end by itself; a worker has nothing to finish


class WorkerError(Exception):
    """A call that did not come back: it raised, it took too long, or its process died."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(str(failure))
        self.failure = failure


class Worker:
    """A process that is started at its first call, serves one call at a time, and is replaced when it is lost.

    What is printed there, by libraries as they are imported for instance, is kept in a log and shown to nobody.
    """

    def __init__(self) -> None:
        self._pool: pebble.ProcessPool | None = None
        self._future: Any = None
        self._log: Any = None

    def call(self, function: Callable[..., T], *args: Any, timeout: float | None, **kwargs: Any) -> T:
        """`function(*args, **kwargs)` in the process; function, arguments and result are pickled.

        Args:
            timeout: seconds, from the moment that the process takes the call; None waits for ever.

        Raises:
            WorkerError: with the failure of the call, after `timeout` seconds, or when the process dies.
        """
        if self._pool is None:
            self._start()
        assert self._pool is not None
        try:
            with _interrupts_blocked():  # the first call starts the process
                self._future = self._pool.schedule(_attempt, (function, args, kwargs), timeout=timeout)
            failure, result = self._future.result()
        except TimeoutError as error:
            raise WorkerError(_failure("TimeoutError", f"no result within {timeout:g} s")) from error
        except CancelledError as error:
            raise WorkerError(_failure("Cancelled", "the worker was closed")) from error
        except (pebble.ProcessExpired, RuntimeError) as error:  # the pool breaks if a process dies between calls
            words = [_exit(getattr(error, "exitcode", 0)), *self.log().splitlines()[-1:]]
            self._end_pool()
            raise WorkerError(_failure("ProcessDied", " ".join(words))) from error
        if failure is not None:
            raise WorkerError(failure)
        return result  # type: ignore[no-any-return]  # what function returned, through a pipe

    def log(self) -> str:
        """What was printed in the process so far, or in the one that was lost last, without empty lines."""
        said = Path(self._log.name).read_text(errors="replace") if self._log else ""
        return "\n".join(line for line in said.splitlines() if line.strip())

    def close(self) -> None:
        """End the process, whatever it is doing, and forget its log; the next call starts another."""
        self._end_pool()
        if self._log is not None:
            self._log.close()
            self._log = None

    def _end_pool(self) -> None:
        if self._pool is not None:
            pool, self._pool = self._pool, None
            if self._future is not None:  # whoever waits for it waits no longer
                self._future.cancel()
            pool.stop()  # type: ignore[no-untyped-call]
            pool.join()

    def _start(self) -> None:
        if self._log is not None:
            self._log.close()
        self._log = tempfile.NamedTemporaryFile(prefix="parity-")  # noqa: SIM115  # lives as long as the pool
        spawn = multiprocessing.get_context("spawn")  # a fork of a process with threads may hang
        self._pool = pebble.ProcessPool(1, initializer=_speak_into, initargs=(self._log.name,), context=spawn)


@contextlib.contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """What is started in the block never sees Ctrl-C: it is this process's to answer, and to end the others."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # it is started with the first process, and unblocks what is blocked
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _speak_into(log: str) -> None:
    with open(log, "ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)


def _attempt(function: Callable[..., T], args: Any, kwargs: Any) -> tuple[Failure | None, T | None]:
    """The result, or its failure as text: an exception's class may be unknown where it would arrive."""
    try:
        return None, function(*args, **kwargs)
    except Exception as error:
        return Failure.of(error), None


def _exit(code: int) -> str:
    return f"exit code {code}" + (f" ({signal.strsignal(-code)})" if code < 0 else "")


def _failure(kind: str, message: str) -> Failure:
    return Failure((kind,), message, f"{kind}: {message}")
