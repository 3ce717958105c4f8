"""How quiet the machine is, in words that say what to expect."""

import io
import math

import pytest
from rich.console import Console

from parity.timing import quiet
from parity.timing.machine import Disturbance
from parity.timing.quiet import Quiet, observe


def machine(*, competing=0.0, stolen=0.0):
    """Two seconds of two cores."""
    return Disturbance(2.0, 4.0, 2.0, competing, stolen, 0.0, 0)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (Quiet(machine(competing=0.04), 0.02), ["of 2 cores others take 1%", "quiet: differences above 10%"]),
        (Quiet(machine(competing=2.02), 0.3), ["others take 50%", "BUSY: loops on all cores take 2.0 times as long"]),
        (Quiet(machine(stolen=1.02), 0.3), ["(stolen: 26%)", "BUSY", "parity time takes disturbed turns again"]),
        (Quiet(machine(competing=0.24), 0.3), ["others take 6%", "BUSY: loops on all cores take 1.1 times as long"]),
        (Quiet(machine(competing=9.0), 0.3), ["BUSY: loops on all cores take many times as long"]),
        (Quiet(machine(), 0.25), ["spread by 25%", "UNSTEADY: differences below 25% say little"]),
        (Quiet(machine(), 3.2), ["spread by 3 times their median", "UNSTEADY"]),
        (Quiet(Disturbance(2.0, 4.0, 2.0, None, None, None, None), 0.02), ["not measured", "only if you know"]),
        (Quiet(Disturbance(2.0, 4.0, 2.0, 0.04, None, None, None), 0.02), ["(stolen: not measured)", "quiet"]),
    ],
)
def test_it_says_what_was_measured_and_what_to_expect(found, words, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    said = f"{found.measured()}; {found.expect()}"
    assert all(word in said for word in words), said


def test_the_machine_is_watched_for_as_long_as_asked():
    found = observe(0.05)
    assert found.disturbance.wall_seconds >= 0.05
    assert math.isfinite(found.spread)


def test_a_busy_machine_stands_out(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    console = Console(file=io.StringIO(), width=300, record=True, color_system="truecolor", force_terminal=True)
    monkeypatch.setattr(quiet, "observe", lambda: Quiet(machine(competing=2.0), 0.02))
    quiet.say(console)
    assert console.export_text().startswith("machine: of 2 cores others take 50%")
