"""The timed turns, and the row of each entry."""

import contextlib
from types import SimpleNamespace

import pytest

from parity import load
from parity.timing import turns as turns_module
from parity.timing.contest import SPARE, TURNS, Contest, Entry
from parity.timing.gate import Gate
from parity.timing.loop import Backend
from parity.timing.machine import Disturbance
from parity.timing.turns import Taken, Turns

NUMPY, TORCH = Backend(framework="numpy"), Backend(framework="torch")


@pytest.fixture
def entry():
    return Entry(load("mlp"), "step", NUMPY)


def turns_of(entry, lost=()):
    return Turns(Contest([entry.task], [entry.backend], "tiny"), Gate("tiny"), dict(lost))


def taken(*, competing=0.0, seconds=1.0, wall=1.0):
    """A turn of so long on two cores, of which others took so many seconds."""
    return Taken([seconds], None, Disturbance(wall, 2 * wall, wall, competing, 0.0, 0.0, 0))


@pytest.fixture
def both(entry, monkeypatch):
    """The turns of two backends on a loop, without loops."""
    monkeypatch.setattr(Turns, "about", lambda self, entry: {**self._where(entry), "threads": 2})
    asked = Turns(Contest([entry.task], [NUMPY, TORCH], "tiny"), Gate("tiny"), {})
    return asked, entry, Entry(entry.task, entry.loop, TORCH)


def take(asked, entries, turn, **how):
    for entry in entries:
        asked.add(entry, turn, taken(**how))


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
        asked.add(entry, 0, taken())
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


@pytest.mark.parametrize("tf32", [False, True])
def test_each_turn_runs_under_its_own_policy(monkeypatch, tf32):
    """The backends of a loop are open at once: the device of the last one opened must not apply to all."""
    devices = ["cpu"]

    @contextlib.contextmanager
    def policy(device, dtype, tf32):
        devices.append((device, tf32))
        yield
        devices.pop()

    entry = Entry(load("mlp"), "step", Backend(framework="tf", device="cuda", tf32=tf32))
    monkeypatch.setattr(turns_module, "available", lambda *where: SimpleNamespace(policy=policy))
    monkeypatch.setattr(turns_module, "warmed", lambda *what, **how: contextlib.nullcontext())
    with turns_of(entry).turn(entry):
        assert devices == ["cpu", ("cuda", tf32)]
    assert devices == ["cpu"]


def test_undisturbed_turns_need_no_spare_ones(both):
    asked, *entries = both
    for turn in range(TURNS):
        assert all(asked.wanted(entry, turn) for entry in entries)
        take(asked, entries, turn)
    assert not any(asked.wanted(entry, TURNS) for entry in entries)


def test_a_turn_that_was_disturbed_for_one_backend_is_taken_again_by_all(both):
    asked, *entries = both
    for turn in range(TURNS):
        take(asked, entries[:1], turn, seconds=turn)
        take(asked, entries[1:], turn, seconds=turn, competing=2.0 if turn == 2 else 0.0)
    assert all(asked.wanted(entry, TURNS) for entry in entries)
    take(asked, entries, TURNS, seconds=TURNS)
    assert not any(asked.wanted(entry, TURNS + 1) for entry in entries)
    for entry in entries:
        times = asked.row(entry)
        assert times["seconds"] == [[0], [1], [3], [4], [5], [TURNS]]
        assert (times["spare_turns"], times["others"], times["disturbed"]) == (1, 0.0, False)
        assert times["wall_seconds"] == TURNS


def test_turns_that_pass_for_quiet_one_by_one_and_not_together_are_taken_again(both):
    """In each turn a tick of each core is not counted, as it may be rounding; in all of them it cannot be."""
    asked, *entries = both
    for turn in range(TURNS + SPARE):
        assert all(asked.wanted(entry, turn) for entry in entries)
        take(asked, entries, turn, competing=0.105)
    times = asked.row(entries[0])
    assert (times["spare_turns"], times["disturbed"]) == (SPARE, True)


def test_the_turns_that_stay_disturbed_are_the_least_disturbed_ones_and_marked(both):
    asked, *entries = both
    for turn in range(TURNS + SPARE):
        assert all(asked.wanted(entry, turn) for entry in entries)
        take(asked, entries, turn, seconds=turn, competing=0.5 if turn % 2 else 1.0)
    times = asked.row(entries[0])
    assert times["seconds"] == [[1], [3], [5], [7], [9], [11]]
    assert (times["spare_turns"], times["disturbed"]) == (SPARE, True)
    assert abs(times["others"] - 0.25) < 0.01
    assert times["competing_seconds"] == 0.5 * TURNS


def test_of_short_turns_the_least_disturbed_ones_are_kept_too(both):
    """Each alone passes for quiet, all together do not; what was counted tells the quiet ones apart."""
    asked, *entries = both
    for turn in range(TURNS + SPARE):
        if all(asked.wanted(entry, turn) for entry in entries):
            take(asked, entries, turn, seconds=turn, wall=0.04, competing=0.0095 if turn < TURNS else 0.0)
    times = asked.row(entries[0])
    assert times["turns"] == [0, 1, 2, TURNS, TURNS + 1, TURNS + 2]
    assert times["others_by_turn"] == [0.0] * TURNS
    assert 0 < times["others"] < 0.05
    assert not times["disturbed"]


def test_one_kept_turn_that_is_disturbed_marks_its_row(both):
    asked, *entries = both
    for turn in range(TURNS + SPARE):
        assert all(asked.wanted(entry, turn) for entry in entries)
        take(asked, entries, turn, competing=0.0 if turn < TURNS - 1 else 0.5)
    times = asked.row(entries[0])
    assert times["turns"] == list(range(TURNS))
    assert times["disturbed"]
    assert times["others"] == times["others_by_turn"][-1] > 0.2
    assert times["others_by_turn"][:-1] == [0.0] * (TURNS - 1)


@pytest.mark.parametrize(("device", "threads", "disturbed"), [("cpu", 2, True), ("cpu", 1, False), ("cuda", 2, False)])
def test_what_disturbs_all_cores_may_not_disturb_one_thread(monkeypatch, device, threads, disturbed):
    monkeypatch.setattr(Turns, "about", lambda self, entry: {**self._where(entry), "threads": threads})
    entry = Entry(load("mlp"), "step", Backend(framework="torch", device=device))
    asked = turns_of(entry)
    for turn in range(TURNS):
        asked.add(entry, turn, taken(competing=0.15))
    assert asked.wanted(entry, TURNS) == disturbed
    assert asked.row(entry)["disturbed"] == disturbed


def test_where_nothing_is_measured_nothing_is_said_to_be_quiet(both):
    asked, *entries = both
    unknown = Taken([1.0], None, Disturbance(1.0, 2.0, 1.0, None, None, None, None))
    for turn in range(TURNS):
        for entry in entries:
            asked.add(entry, turn, unknown)
    assert not asked.wanted(entries[0], TURNS)
    assert (asked.row(entries[0])["others"], asked.row(entries[0])["disturbed"]) == (None, None)


def test_a_turn_that_a_failing_backend_left_unfinished_is_not_counted(both):
    asked, *entries = both
    for turn in range(TURNS):
        take(asked, entries, turn, competing=1.0 if turn == 0 else 0.0)
    asked.add(entries[0], TURNS, taken())
    assert asked.wanted(entries[1], TURNS)
    assert len(asked.row(entries[1])["seconds"]) == TURNS
    asked._skip(entries[1], "it failed", failed=True)
    assert "seconds" not in asked.row(entries[1])
    assert asked.row(entries[0])["spare_turns"] == 1
