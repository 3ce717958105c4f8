"""The timed turns, and the row of each entry."""

import contextlib
from types import SimpleNamespace

import pytest

from parity import load
from parity.timing import turns as turns_module
from parity.timing.contest import Contest, Entry
from parity.timing.gate import Gate
from parity.timing.loop import Backend
from parity.timing.turns import Turns

NUMPY, TORCH = Backend(framework="numpy"), Backend(framework="torch")


@pytest.fixture
def entry():
    return Entry(load("mlp"), "step", NUMPY)


def turns_of(entry, lost=()):
    return Turns(Contest([entry.task], [entry.backend], "tiny"), Gate("tiny"), dict(lost))


def rows(asked, entry):
    for other in ("forward", "backward"):
        with contextlib.suppress(ZeroDivisionError), asked.turn(Entry(entry.task, other, entry.backend)):
            raise ZeroDivisionError
    return {row["loop"]: row for row in asked.rows(entry.task)}


@pytest.mark.parametrize("step", ["judge", "warmed"])
def test_an_error_before_the_clock_starts_is_the_skip_reason(entry, monkeypatch, step):
    def broken(*args, **kwargs):
        raise MemoryError("no room")

    def asked_for_a_turn():
        if not asked.skip_reason(entry):
            asked.turn(entry).__enter__()

    asked = turns_of(entry)
    monkeypatch.setattr(f"parity.timing.{'gate' if step == 'judge' else 'turns'}.{step}", broken)
    with pytest.raises(MemoryError):
        asked_for_a_turn()
    assert asked.skip_reason(entry) == "MemoryError: no room"


def test_a_loop_that_fails_while_timed_loses_its_earlier_turns(entry):
    asked = turns_of(entry)
    assert asked.skip_reason(entry) == ""
    with asked.turn(entry):
        asked.add(entry, [1.0], None)
    with pytest.raises(SystemExit), asked.turn(entry):
        raise SystemExit(3)
    asked.close()
    row = rows(asked, entry)["step"]
    assert (row["skip_reason"], row["failed"]) == ("SystemExit: 3", True)
    assert "seconds" not in row


def test_a_backend_that_was_lost_is_not_tried_again_on_that_task(entry):
    asked = Turns(
        Contest([load("mlp"), load("sgd_step")], [NUMPY, TORCH], "tiny"), Gate("tiny"),
        {("mlp", "torch"): "exit code -9"},
    )  # fmt: skip
    assert [asked.skip_reason(Entry(load("mlp"), loop, TORCH)) for loop in load("mlp").loops] == ["exit code -9"] * 3
    assert asked.skip_reason(entry) == ""


def test_each_turn_runs_under_its_own_policy(monkeypatch):
    """The backends of a loop are open at once: the device of the last one opened must not apply to all."""
    devices = ["cpu"]

    @contextlib.contextmanager
    def policy(device, dtype):
        devices.append(device)
        yield
        devices.pop()

    entry = Entry(load("mlp"), "step", Backend(framework="tf", device="cuda"))
    monkeypatch.setattr(turns_module, "available", lambda *where: SimpleNamespace(policy=policy))
    monkeypatch.setattr(turns_module, "warmed", lambda *what, **how: contextlib.nullcontext())
    with turns_of(entry).turn(entry):
        assert devices == ["cpu", "cuda"]
    assert devices == ["cpu"]
