"""The loops that the harness is measured against."""

import os
from types import SimpleNamespace

import numpy as np
import psutil
import pytest

from benchmarks.overhead import competitor
from benchmarks.overhead.by_hand import BY_HAND
from parity import load
from parity.frameworks.runtime import available
from parity.timing import machine
from parity.timing.contest import Entry
from parity.timing.loop import USUAL, Backend, warmed
from parity.timing.machine import Disturbance, reading
from parity.timing.turns import Taken


def test_a_loop_by_hand_computes_what_the_task_does(framework):
    """The loops that the harness is measured against do the same work on the same model."""
    for (task, loop), by_hand in BY_HAND.items():
        with warmed(task, loop, Backend(framework=framework, mode=USUAL[framework]), size="tiny") as ready:
            found, named = by_hand[framework](ready.model, ready.batch)(), ready.call()
            first = found[0] if isinstance(found, list | tuple) else found
            tensors = {"by hand": first, "harness": named.get("loss", named.get("grad.x"))}
            arrays = available(framework, "cpu", "eager").get(tensors, {})
            np.testing.assert_array_equal(arrays["by hand"], arrays["harness"])


@pytest.fixture
def one_core(monkeypatch):
    """This process and those that it starts have one core, since beside many one competitor is nothing."""
    if not hasattr(os, "sched_setaffinity") or reading().competing_seconds is None:
        pytest.skip("this system does not tell what others take of the cores, or pins no process")
    every = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(every)})
    monkeypatch.setattr(machine, "allowed_cores", lambda: {min(every)})
    yield
    os.sched_setaffinity(0, every)


def test_the_guard_keeps_the_quiet_turns(monkeypatch):
    """A made-up loop takes twice as long while the other process computes."""
    running = []
    other = SimpleNamespace(resume=lambda: running.append(True), suspend=running.clear)

    def turn_of(call):
        took = 2.0 if running else 1.0
        return Taken([took], None, Disturbance(1.0, 1.0, 0.5, 0.5 * len(running), 0.0, 0.0, 0))

    monkeypatch.setattr(competitor, "turn_of", turn_of)
    entry = Entry(load("mlp"), "step", Backend(framework="numpy"))
    assert competitor.timed(entry, "tiny", other) == {
        "alone": competitor.Times(1.0, 1.0, disturbed=False),
        "every other turn": competitor.Times(1.5, 1.0, disturbed=False),
        "every turn": competitor.Times(2.0, 2.0, disturbed=True),
    }


def test_turns_beside_a_competitor_are_marked(one_core):
    entry = Entry(load("mlp"), "step", Backend(framework="numpy"))
    with competitor.suspended() as other:
        times = competitor.timed(entry, "tiny", other)
        assert other.status() == psutil.STATUS_STOPPED
    assert list(times) == ["alone", "every other turn", "every turn"]
    assert times["every turn"].disturbed
    assert all(one.first > 0 < one.kept for one in times.values())
    assert not other.is_running()
