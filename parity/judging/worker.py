"""Calls in a separate process, so that a crash or a hang there is one failed call and does not end the run."""

import contextlib
import multiprocessing
import os
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any, TypeVar

import pebble

from parity.judging.run import Failure

T = TypeVar("T")

pebble.CONSTS.term_timeout = 0.2  # seconds before a terminated process is killed; a worker has nothing to finish


class WorkerError(Exception):
    """A call without a result: it raised, it took too long, or its process died."""

    def __init__(self, failure: Failure) -> None:
        self.failure = failure


class Worker:
    """A process that is started at its first call, serves one call at a time, and is replaced if it dies or hangs.

    Its output, for instance of libraries during their import, goes into a log and not to the terminal.
    """

    def __init__(self) -> None:
        self._pool: pebble.ProcessPool | None = None
        self._future = Future[Any]()  # the last call's
        self._log: Any = None
        self._lock = threading.Lock()  # a call is on its way to the process, or the process is ended: one at a time

    def call(self, function: Callable[..., T], *args: Any, timeout: float | None, **kwargs: Any) -> T:
        """`function(*args, **kwargs)` in the process; function, arguments and result are pickled.

        Args:
            timeout: seconds, from the moment when the process takes the call; None waits for ever.

        Raises:
            WorkerError: the call failed, took longer than `timeout` seconds, or its process died.
        """
        try:
            with self._lock, _interrupts_blocked():  # the first call starts the process
                pool = self._pool = self._pool or self._start()
                future = self._future = pool.schedule(_attempt, (function, args, kwargs), timeout=timeout)
            failure, result = future.result()
        except TimeoutError as error:
            raise WorkerError(_failure("TimeoutError", f"no result within {timeout:g} s")) from error
        except CancelledError as error:
            raise WorkerError(_failure("Cancelled", "the worker was closed")) from error
        except (pebble.ProcessExpired, RuntimeError) as error:  # the latter where it died between two calls
            end = _exit(error.exitcode) if isinstance(error, pebble.ProcessExpired) else "before it took the call"
            words = [end, *self.log().splitlines()[-1:]]
            self._end_pool()
            raise WorkerError(_failure("ProcessDied", " ".join(words))) from error
        if failure is not None:
            raise WorkerError(failure)
        return result  # type: ignore[no-any-return]  # pebble's results have no type

    def prepare(self, function: Callable[..., object], *args: Any, timeout: float) -> None:
        """Begin `function(*args)` in the process, for what it leaves there; nobody waits for it but the next call.

        If it takes longer than `timeout` seconds, the next call has a new process.
        """
        with self._lock, _interrupts_blocked():
            self._pool = self._pool or self._start()
            self._pool.schedule(_attempt, (function, args, {}), timeout=timeout)

    def log(self) -> str:
        """The output of the process so far, or of the last process that was lost, without empty lines."""
        text = Path(self._log.name).read_text(errors="replace") if self._log else ""
        return "\n".join(line for line in text.splitlines() if line.strip())

    def close(self) -> None:
        """End the process, even during a call, and delete its log; the next call starts another."""
        self._end_pool()
        if self._log is not None:
            self._log.close()
            self._log = None

    def _end_pool(self) -> None:
        with self._lock:
            if self._pool is not None:
                pool, self._pool = self._pool, None
                self._future.cancel()  # ends the wait of its caller
                pool.stop()  # type: ignore[no-untyped-call]
                pool.join()

    def _start(self) -> pebble.ProcessPool:
        self._log = self._log or tempfile.NamedTemporaryFile(prefix="parity-")  # noqa: SIM115  # closed with the worker
        self._log.truncate(0)  # of the words of a process that was lost
        spawn = multiprocessing.get_context("spawn")  # a fork of a process with threads may hang
        return pebble.ProcessPool(1, initializer=_speak_into, initargs=(self._log.name,), context=spawn)


@contextlib.contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Processes that are started in the block ignore Ctrl-C; this process handles it and ends them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # else the first process would start it, which unblocks the signal
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
    """The failure as text, or the result.  The caller may not know an exception's class, so no exception is sent."""
    try:
        return None, function(*args, **kwargs)
    except Exception as error:
        return Failure.of(error), None


def _exit(code: int) -> str:
    return f"exit code {code}" + (f" ({signal.strsignal(-code)})" if code < 0 else "")


def _failure(kind: str, message: str) -> Failure:
    return Failure((kind,), message, f"{kind}: {message}")
