"""A separate process: an exception, a hang, a crash or a close there is one failed call."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pebble
import pytest

from parity.judging import worker as worker_module
from parity.judging.run import Failure
from parity.judging.worker import Worker, WorkerError, _exit, _interrupts_blocked

ROOT = Path(__file__).parents[2]
HERE = []  # what this process alone knows


@pytest.fixture
def worker():
    worker = Worker()
    yield worker
    worker.close()


def leaving(what):
    HERE.append(what)


def failing(number):
    raise ValueError(f"no {number}\nand more")


def talking(words):
    print(words, flush=True)
    print(f"{words} too", file=sys.stderr, flush=True)
    os.write(1, b"from C \xff\n \n\n")
    return os.getpid()


def dying(code):
    os.write(2, b"First\nFatal: out of luck\n")
    if code < 0:
        os.kill(os.getpid(), -code)
    os._exit(code)


def blocked():
    """The signals that do not reach this thread."""
    return signal.pthread_sigmask(signal.SIG_BLOCK, [])


def inherited():
    return HERE, blocked()


def test_a_call_comes_back_and_the_one_process_stays_until_the_worker_is_closed(worker):
    assert worker.log() == ""
    before = set(multiprocessing.active_children())
    first = worker.call(talking, "a", timeout=60)
    assert worker.call(talking, words="b", timeout=60) == first
    assert first not in (None, os.getpid())
    assert len(set(multiprocessing.active_children()) - before) == 1
    assert worker.log() == "a\na too\nfrom C \ufffd\nb\nb too\nfrom C \ufffd"
    log = worker._log
    assert Path(log.name).name.startswith("parity-")
    worker.close()
    with pytest.raises(ProcessLookupError):
        os.kill(first, 0)
    assert (Path(log.name).exists(), worker.log()) == (False, "")
    assert worker.call(talking, "c", timeout=60) != first
    assert worker.log().startswith("c\n")


def test_a_process_inherits_nothing_but_deafness_to_interruptions(worker):
    HERE.append("something")
    there, deaf = worker.call(inherited, timeout=60)
    assert there == []
    assert signal.SIGINT in deaf
    assert signal.SIGINT not in blocked()


def test_interruptions_are_blocked_once_the_tracker_that_unblocks_them_runs(monkeypatch):
    deaf = []
    tracker = worker_module.resource_tracker
    monkeypatch.setattr(tracker, "ensure_running", lambda: deaf.append(signal.SIGINT in blocked()))
    with _interrupts_blocked():
        deaf.append(signal.SIGINT in blocked())
    assert [*deaf, signal.SIGINT in blocked()] == [False, True, False]
    monkeypatch.delattr(signal, "pthread_sigmask")  # as on Windows
    with _interrupts_blocked():
        deaf.append("nothing is asked")
    assert deaf == [False, True, "nothing is asked"]


def test_a_call_finds_what_was_prepared_even_where_that_failed_then(worker):
    worker.prepare(leaving, "a", timeout=60)
    worker.prepare(failing, 3, timeout=60)
    assert worker.call(inherited, timeout=60)[0] == ["a"]


def test_what_is_prepared_and_hangs_is_ended_for_the_next_call(worker):
    worker.prepare(time.sleep, 600, timeout=0.5)
    assert worker.call(talking, "a", timeout=60)


def test_an_exception_comes_back_as_text_and_the_process_stays(worker):
    with pytest.raises(WorkerError) as error:
        worker.call(failing, 3, timeout=60)
    assert str(error.value) == "ValueError: no 3"
    failure = error.value.failure
    assert (failure.classes[0], failure.message) == ("ValueError", "no 3\nand more")
    assert "failing" in failure.trace


def test_a_call_that_takes_too_long_ends_and_the_next_goes_on(worker):
    with pytest.raises(WorkerError) as error:
        worker.call(time.sleep, 60, timeout=0.5)
    words = "no result within 0.5 s"
    assert error.value.failure == Failure(("TimeoutError",), words, f"TimeoutError: {words}")
    assert worker.call(os.getpid, timeout=60) != os.getpid()


@pytest.mark.parametrize(
    ("code", "end"), [(7, "exit code 7"), (0, "exit code 0"), (-9, f"exit code -9 ({signal.strsignal(9)})")]
)
def test_an_exit_code_is_told_with_its_signal(code, end):
    assert _exit(code) == end


def test_a_process_that_dies_is_replaced_with_its_log(worker):
    with pytest.raises(WorkerError) as error:
        worker.call(dying, -9, timeout=60)
    assert str(error.value) == f"ProcessDied: {_exit(-9)} Fatal: out of luck"
    assert worker.log() == "First\nFatal: out of luck"
    worker.call(talking, "a", timeout=60)
    assert worker.log() == "a\na too\nfrom C \ufffd"


def test_a_process_that_died_between_two_calls_is_replaced_and_has_no_exit_code(worker):
    os.kill(worker.call(talking, "a", timeout=60), signal.SIGKILL)
    while worker._pool.active:  # until that is noticed
        time.sleep(0.01)
    with pytest.raises(WorkerError) as error:
        worker.call(os.getpid, timeout=60)
    assert str(error.value) == "ProcessDied: before it took the call from C \ufffd"
    assert worker.call(os.getpid, timeout=60) != os.getpid()


def test_a_process_that_cannot_be_started_is_a_failed_call(worker, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr(pebble.ProcessPool, "schedule", broken)
    with pytest.raises(WorkerError) as error:
        worker.call(os.getpid, timeout=60)
    assert str(error.value) == "ProcessDied: before it took the call"


def test_closing_ends_a_call_that_is_still_running(worker):
    worker.call(os.getpid, timeout=60)
    closing = threading.Timer(0.5, worker.close)
    closing.start()
    start = time.monotonic()
    with pytest.raises(WorkerError) as error:
        worker.call(time.sleep, 60, timeout=None)
    closing.join()
    assert str(error.value) == "Cancelled: the worker was closed"
    assert time.monotonic() - start < 30


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
