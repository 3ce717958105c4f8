"""A separate process: an exception, a hang, a crash or a close there is one failed call."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pebble
import pytest

from parity.judging.worker import Worker, WorkerError

ROOT = Path(__file__).parents[2]


@pytest.fixture
def worker():
    worker = Worker()
    yield worker
    worker.close()


def failing(number):
    raise ValueError(f"no {number}\nand more")


def talking(words):
    print(words)
    print(f"{words} too", file=sys.stderr, flush=True)
    os.write(1, b"from C\n")
    return os.getpid()


def dying(code):
    os.write(2, b"Fatal: out of luck\n")
    if code < 0:
        os.kill(os.getpid(), -code)
    os._exit(code)


def test_a_call_comes_back_and_the_process_stays(worker):
    first = worker.call(talking, "a", timeout=60)
    assert first == worker.call(talking, "b", timeout=60) != os.getpid()
    assert worker.log().splitlines()[-1] == "from C"
    assert "a too" in worker.log()


def test_an_exception_comes_back_as_text(worker):
    with pytest.raises(WorkerError, match="ValueError: no 3") as error:
        worker.call(failing, 3, timeout=60)
    assert error.value.failure.classes[0] == "ValueError"
    assert "failing" in error.value.failure.trace


def test_a_call_that_takes_too_long_ends_and_the_next_goes_on(worker):
    with pytest.raises(WorkerError, match=r"TimeoutError: no result within 0\.5 s"):
        worker.call(time.sleep, 60, timeout=0.5)
    assert worker.call(os.getpid, timeout=60) != os.getpid()


@pytest.mark.parametrize(("code", "end"), [(7, "exit code 7"), (-9, f"exit code -9 ({signal.strsignal(9)})")])
def test_a_process_that_dies_is_replaced(worker, code, end):
    with pytest.raises(WorkerError) as error:
        worker.call(dying, code, timeout=60)
    assert str(error.value) == f"ProcessDied: {end} Fatal: out of luck"
    assert worker.call(os.getpid, timeout=60) != os.getpid()


def test_closing_ends_a_call_that_is_still_running(worker):
    worker.call(os.getpid, timeout=60)
    closing = threading.Timer(0.5, worker.close)
    closing.start()
    start = time.monotonic()
    with pytest.raises(WorkerError, match="the worker was closed"):
        worker.call(time.sleep, 600, timeout=None)
    closing.join()
    assert time.monotonic() - start < 60


def test_a_worker_that_was_never_called_can_be_closed():
    Worker().close()


def test_a_worker_starts_without_what_it_may_not_need():
    """Every process of `parity run` imports this module: a second of statistics there is five seconds of a run."""
    code = "import sys; from parity.judging import command, sweep; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    heavy = {"scipy", "pandas", "sklearn", "torch", "tensorflow", "keras"}
    assert not heavy & set(done.stdout.split())


def test_a_call_that_begins_while_the_worker_is_closed_ends(monkeypatch):
    """An interruption may come when a call is on its way to the process, and nobody knows of it yet."""
    scheduled, ended = threading.Event(), []
    schedule = pebble.ProcessPool.schedule

    def slow(*args, **kwargs):
        future = schedule(*args, **kwargs)
        scheduled.set()
        time.sleep(0.3)
        return future

    def call():
        with pytest.raises(WorkerError, match="the worker was closed"):
            worker.call(time.sleep, 60, timeout=None)
        ended.append(True)

    monkeypatch.setattr(pebble.ProcessPool, "schedule", slow)
    worker, thread = Worker(), threading.Thread(target=call, daemon=True)
    thread.start()
    assert scheduled.wait(30)
    worker.close()
    thread.join(10)
    assert ended == [True]
