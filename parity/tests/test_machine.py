"""What others took of the cores while something was timed: measured, added up, and marked."""

import os
import subprocess
import sys
import time

import pandas as pd
import psutil
import pytest

from parity.timing import machine
from parity.timing.contest import SPARE
from parity.timing.machine import LIMIT, TICK, Disturbance, reading

STAT = "cpu  {0} 0 0 0 0 0 0 {1} 0 0\ncpu0 {0} 0 0 0 0 0 0 {1} 0 0\n"  # user and stolen, in ticks


def disturbance(*, wall=1.0, cores=2, cpu=1.0, competing=0.0, stolen=0.0):
    return Disturbance(wall, wall * cores, cpu, competing, stolen, 0.0, 0)


@pytest.fixture
def competitors():
    """A process that computes on each core."""
    started = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count())]
    yield [psutil.Process(process.pid) for process in started]
    for process in started:
        process.kill()
        process.wait()


def test_others_share_is_of_the_cores_without_one_tick_of_each():
    assert disturbance(competing=0.5, stolen=0.1).share == (0.6 - 2 * TICK) / 2
    assert disturbance(competing=2 * TICK).share == 0
    assert disturbance(competing=-0.01).share == 0  # rounded ticks


def test_a_loop_is_disturbed_where_any_of_its_threads_is():
    """Of n threads on as many cores one or another is held up n times as long."""
    for threads in (1, 2):
        least = 2 * (LIMIT / threads + TICK)
        assert not disturbance(competing=least - 1e-6).disturbs(threads)
        assert disturbance(competing=least + 1e-6).disturbs(threads)
    assert disturbance(stolen=0.2).disturbs(2)
    assert disturbance(competing=0.5, cores=16).disturbs(16)  # half of one of sixteen
    assert not disturbance(competing=0.5, cores=16).disturbs(1)
    assert not disturbance(competing=0.08, cores=1).disturbs(8)  # one works at a time


@pytest.mark.skipif(not machine.allowed_cores(), reason="this system does not say which cores a process may use")
def test_a_thread_that_is_bound_to_a_core_takes_none_from_its_process():
    every = machine.allowed_cores()
    os.sched_setaffinity(0, {min(every)})
    try:
        assert machine.allowed_cores() == every
    finally:
        os.sched_setaffinity(0, every)


def test_a_sum_finds_what_no_turn_can_tell_from_rounding():
    """A neighbour who takes a tick and a half of each short turn: invisible in one, plain in six."""
    turn = disturbance(wall=0.05, competing=1.5 * TICK)
    assert turn.share == 0
    six = turn + turn + turn + turn + turn + turn
    assert six.disturbs(2)


def test_what_is_not_measured_stays_so_in_sums():
    unknown = Disturbance(1.0, 2.0, 1.0, None, None, None, None)
    assert (unknown.share, unknown.counted, unknown.disturbs(2)) == (None, None, None)
    assert (disturbance() + unknown).share is None
    assert (disturbance() - unknown).competing_seconds is None
    assert Disturbance(1.0, 2.0, 1.0, 1.0, None, None, None).share > LIMIT  # a system that knows of no stealing


@pytest.fixture
def proc(tmp_path, monkeypatch):
    """A faked /proc with one core and one thread of this process."""
    monkeypatch.setattr(psutil, "PROCFS_PATH", str(tmp_path))
    monkeypatch.setattr(machine, "TASKS", tmp_path / "task")
    (tmp_path / "task" / "1").mkdir(parents=True)
    return tmp_path


def test_the_counters_come_from_proc(proc, monkeypatch):
    monkeypatch.setattr(time, "process_time", lambda: 3.0)
    (proc / "stat").write_text(STAT.format(1000, 50))
    (proc / "task" / "1" / "schedstat").write_text("5 250000000 7\n")
    found = reading()
    assert found.core_seconds == found.wall_seconds  # one core
    assert (found.competing_seconds, found.stolen_seconds, found.waited_seconds) == (7.0, 0.5, 0.25)


@pytest.mark.parametrize("stat", [None, STAT.format(0, 0)], ids=["no file", "a sandbox's zeros"])
def test_a_system_without_counters_is_not_measured(proc, stat):
    if stat is not None:
        (proc / "stat").write_text(stat)
    found = reading()
    assert (found.competing_seconds, found.stolen_seconds, found.waited_seconds, found.share) == (None,) * 4
    assert found.core_seconds > 0


def test_competing_processes_are_measured(competitors):
    """At least the CPU time that they count themselves, all of it on cores that this process may use."""
    if reading().competing_seconds is None:
        pytest.skip("this system does not tell what others take of the cores")

    def of_competitors():
        return sum(sum(process.cpu_times()[:2]) for process in competitors)

    before, theirs = reading(), of_competitors()
    while of_competitors() < theirs + 0.2:
        pass
    theirs, found = of_competitors() - theirs, reading() - before
    assert found.disturbs(len(competitors))
    assert found.competing_seconds + 2 * TICK * len(competitors) > theirs


def test_loops_beside_competing_processes_are_marked(competitors, here, tmp_path):
    if reading().competing_seconds is None:
        pytest.skip("this system does not tell what others take of the cores")
    done = here("time", "sgd_step", "--framework", "numpy", "--size", "tiny", "--output", tmp_path)
    assert done.returncode == 0, done.stderr
    words = " ".join(done.stdout.split())
    assert "BUSY: loops on all cores take" in words
    rows = pd.read_csv(tmp_path / "times.csv")
    assert rows["disturbed"].all()
    assert (rows["threads"] * rows["others"] > LIMIT).all()
    assert (rows["competing_seconds"] > 0).all()
    assert (rows["spare_turns"] == SPARE).all()
    assert f"{len(rows)} of {len(rows)} loops are disturbed, and left out of the geometric means" in words
    assert "geo. mean n/a" in words
    for share in rows["others"]:
        assert f"!{share:.0%}" in words
