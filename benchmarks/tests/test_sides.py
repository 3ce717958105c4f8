"""Two revisions in turns: real processes, side by side, that fail, hang or die."""

import os
import shutil
import signal
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

import benchmarks.ab.sides
import benchmarks.ab.trial
from benchmarks.ab import worker
from benchmarks.ab.sides import FEWEST_TURNS, Failed, Loop, Side, cores, last_core, loops_of, pair_of, sides
from benchmarks.ab.trial import Trial
from benchmarks.history.suite import version
from benchmarks.revisions import ROOT
from benchmarks.tests.doubles import MLP_STEP
from parity import load
from parity.task import UsageError


def test_a_slower_revision_shows_in_the_driver(tmp_path):
    """In the second revision a step is two."""
    shutil.copytree(ROOT / "impl_numpy", tmp_path / "impl_numpy")
    (tmp_path / "parity").symlink_to(ROOT / "parity")
    with open(tmp_path / "impl_numpy" / "mlp.py", "a") as file:
        file.write("\none = step\ndef step(model, batch):\n    one(model, batch)\n    return one(model, batch)\n")
    with sides(ROOT, tmp_path, b_first=True) as (a, b):
        pair = pair_of(a, b, MLP_STEP, "tiny", turns=5)
    assert 0.3 < pair.log_ratio < 1.5  # log 2 is 0.69
    assert pair.b_seconds > pair.a_seconds > 0


def test_a_loop_that_kills_its_process_does_not_stop_the_others(monkeypatch):
    """Real processes: the first loop kills its own, the second is measured by new ones."""
    real = benchmarks.ab.sides.pair_of

    def deadly(a, b, loop, size):
        if loop.loop == "forward":
            os.kill(a.pid, signal.SIGKILL)
        return real(a, b, loop, size, turns=1)

    monkeypatch.setattr(benchmarks.ab.trial, "pair_of", deadly)
    monkeypatch.setattr(benchmarks.ab.trial, "MAX_PAIRS", 1)
    trial = Trial()
    trial.run(ROOT, ROOT, [Loop("mlp", "forward", "numpy"), MLP_STEP], "tiny")
    assert "died" in trial.failed[Loop("mlp", "forward", "numpy")]
    assert len(trial.pairs[MLP_STEP]) == 1
    assert trial.spent[MLP_STEP] > 0


def test_a_side_that_fails_leaves_no_answer_of_the_other_behind():
    with sides(ROOT, ROOT, b_first=False) as (a, b):
        with pytest.raises(Failed, match="no such loop"):
            pair_of(a, b, Loop("mlp", "no such loop", "numpy"), "tiny", turns=1)
        assert pair_of(a, b, MLP_STEP, "tiny", turns=1).a_seconds > 0


class StandIn:
    """A side that computes nothing: `log` gets the cores it runs on and the calls of each window with the side."""

    def __init__(self, log, *, calls=1, seconds=lambda: 0.5):
        self.log, self.calls, self.seconds = log, calls, seconds

    def run_on(self, cores):
        self.log.append(cores)

    def send(self, name, *args):
        assert name == "prepare"
        self.log.append(name)

    def answer(self):
        return self.calls

    def ask(self, name, calls):
        assert name == "window"
        self.log.append((self, calls))
        return self.seconds()


def test_a_slow_loop_takes_fewer_turns_and_each_side_is_first_in_half_of_them():
    log = []
    a, b = StandIn(log), StandIn(log)
    pair_of(a, b, MLP_STEP, "base")
    assert log[6:] == [(a, 1), (b, 1), (b, 1), (a, 1)] * (FEWEST_TURNS // 2)


def test_a_loop_that_becomes_slow_begins_with_each_side_as_often():
    """After an odd number of turns there is one more."""
    log = []
    times = iter([1e-4] * (2 * FEWEST_TURNS + 1))
    a, b = (StandIn(log, seconds=lambda: next(times, 1.0)) for _ in "ab")
    pair_of(a, b, MLP_STEP, "base")
    assert log[6:] == [(a, 1), (b, 1), (b, 1), (a, 1)] * (FEWEST_TURNS // 2 + 1)


@pytest.mark.skipif(not cores(), reason="this system does not say which cores a process may use")
def test_all_threads_of_a_process_run_on_the_last_core():
    side = Side(ROOT)
    try:
        side.ask("loops")
        side.run_on(last_core())
        threads = os.listdir(f"/proc/{side.pid}/task")
        assert {frozenset(os.sched_getaffinity(int(thread))) for thread in threads} == {frozenset(last_core())}
        side.run_on(cores())
        assert os.sched_getaffinity(side.pid) == cores()
    finally:
        side.close()


def test_the_clocks_run_on_the_last_core_for_as_many_calls_as_the_faster_side_needs(monkeypatch):
    monkeypatch.setattr(benchmarks.ab.sides, "cores", lambda: {0, 1})
    log = []
    a, b = StandIn(log, calls=3), StandIn(log, calls=5)
    pair_of(a, b, MLP_STEP, "base")
    assert log[:6] == [{0, 1}, {0, 1}, "prepare", "prepare", {1}, {1}]
    assert log[6:8] == [(a, 5), (b, 5)]
    assert {calls for _, calls in log[6:]} == {5}


def running(side):
    """The process of a side that has answered: at its very start its command line and environment can be empty."""
    side.ask("window", 0)
    return psutil.Process(side.pid)


@pytest.mark.parametrize("b_first", [True, False])
def test_a_stays_a_whichever_starts_first(tmp_path, b_first):
    for name in "ab":
        (tmp_path / name).mkdir()
    with sides(tmp_path / "a", tmp_path / "b", b_first=b_first) as (a, b):
        assert [Path(running(side).cmdline()[-1]).name for side in (a, b)] == ["a", "b"]


def test_a_side_has_one_thread_whatever_the_user_has(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    side = Side(ROOT)
    try:
        theirs = running(side).environ()
    finally:
        side.close()
    assert theirs.items() >= benchmarks.ab.sides.SETTINGS.items()
    assert theirs["OMP_NUM_THREADS"] == theirs["TF_NUM_INTRAOP_THREADS"] == "1"


def test_a_window_is_the_time_of_its_calls_alone(monkeypatch):
    """As many calls before it bring the loop's data back into the cache."""
    now, server = [0.0], worker.LoopServer()

    def call():
        now[0] += 1.0

    monkeypatch.setattr(worker, "time", SimpleNamespace(perf_counter=lambda: now[0]))
    server.call = call
    assert server.window(3) == 3.0
    assert now[0] == 6.0


def test_a_process_that_does_not_answer_is_given_up(monkeypatch):
    monkeypatch.setattr(benchmarks.ab.sides, "TIMEOUT", 0.05)
    side = Side(ROOT)
    try:
        with pytest.raises(Failed, match="no answer"):
            side.ask("prepare", "mlp", "step", "numpy", "eager", "tiny", 30.0)
        assert not side.alive
    finally:
        side.close()


def test_the_driver_lists_the_loops_of_a_revision():
    """The digests are those of asv's suite, so that both name the same series."""
    here, too = loops_of(ROOT, ROOT, frameworks=["numpy", "torch"])
    assert here == too
    assert here[MLP_STEP] == here[Loop("mlp", "step", "torch")] == version(load("mlp"))


def test_a_revision_that_cannot_be_imported_is_named(tmp_path):
    (tmp_path / "parity").mkdir()
    (tmp_path / "parity" / "__init__.py").write_text("raise RuntimeError('this revision is broken')")
    with pytest.raises(UsageError, match=f"cannot be measured: {tmp_path.name}: RuntimeError: this revision is broken"):
        loops_of(tmp_path, frameworks=["numpy"])
