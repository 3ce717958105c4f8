"""Two revisions in turns: a trial's verdicts, its second measurements, and loops that kill their process."""

import os
import signal

import numpy as np
import pytest

import benchmarks.ab.sides
from benchmarks.ab.resume import ResumableTrial
from benchmarks.ab.sides import Evidence, Failed, Loop, Pair, Side, Trial, loops_of, measure_pairs, pair_of, sides
from benchmarks.ab.statistics import MAX_PAIRS, MIN_PAIRS
from benchmarks.history.suite import version
from benchmarks.revisions import ROOT
from benchmarks.tests.doubles import MLP_STEP, planted
from parity import load
from parity.task import UsageError


def test_a_planted_slowdown_shows_in_the_driver():
    with sides(ROOT, ROOT, b_first=True) as (a, b):
        pair = pair_of(a, b, MLP_STEP, "tiny", slowdown=1.0, rounds=5)
    assert 0.3 < pair.log_ratio < 1.5  # log 2 is 0.69
    assert pair.b_seconds > pair.a_seconds > 0


def test_a_trial_says_slower_faster_and_as_fast(monkeypatch):
    slow, fast, same, broken = (Loop("mlp", name, "numpy") for name in ("slow", "fast", "same", "broken"))
    loops = [slow, fast, same, broken]
    planted({slow: 0.08, fast: -0.2}, monkeypatch, failing=[broken])
    trial = Trial()
    trial.run(ROOT, ROOT, loops, "tiny")
    verdicts = trial.verdicts(loops)
    assert {loop.loop: word for loop, (_, word) in verdicts.items()} == {
        "slow": "slower",
        "fast": "faster",
        "same": "as fast",
    }
    assert trial.first.failed == {broken: "ValueError: broken"}
    assert set(trial.again.pairs) == {slow}  # only a loop that seems slower is measured again


def test_a_loop_that_stays_undecided_is_prepared_anew_in_each_pair(monkeypatch):
    asked = []

    def scattered(a, b, loop, size, *, slowdown=0.0, preparations=1):
        asked.append(preparations)
        return Pair(0.06 * (len(asked) % 2), 1.0, 1.0)

    planted({}, monkeypatch)
    monkeypatch.setattr(benchmarks.ab.sides, "pair_of", scattered)
    trial = Trial()
    trial.run(ROOT, ROOT, [MLP_STEP], "tiny")
    assert trial.verdicts([MLP_STEP])[MLP_STEP][1] == "undecided"
    assert asked == [1] * MIN_PAIRS + [benchmarks.ab.sides.PREPARATIONS] * (MAX_PAIRS - MIN_PAIRS)


def test_a_hundred_unchanged_loops_give_no_alarm_however_often_they_are_tested(monkeypatch):
    """The whole rule: pairs with a heavy tail until each loop is decided, and again for a loop that seems slower."""
    rng = np.random.default_rng(4)
    planted({}, monkeypatch)
    monkeypatch.setattr(
        benchmarks.ab.sides, "pair_of", lambda *args, **kwargs: Pair(0.015 * rng.standard_t(3), 1.0, 1.0)
    )  # fmt: skip
    loops = [Loop("mlp", str(number), "numpy") for number in range(100)]
    trial = Trial()
    trial.run(ROOT, ROOT, loops, "tiny")
    words = [word for _, word in trial.verdicts(loops).values()]
    assert words.count("slower") == 0
    assert words.count("undecided") <= 2


def test_a_loop_that_seems_slower_and_cannot_be_measured_again_is_a_failure(monkeypatch):
    trial = Trial(Evidence({MLP_STEP: [Pair(0.1, 1.0, 1.0)] * MIN_PAIRS}))

    def broken(*args, **kwargs):
        raise Failed("ValueError: broken")

    planted({}, monkeypatch)
    monkeypatch.setattr(benchmarks.ab.sides, "pair_of", broken)
    trial.run(ROOT, ROOT, [MLP_STEP], "tiny")
    assert trial.failed == {MLP_STEP: "ValueError: broken"}
    assert trial.verdicts([MLP_STEP]) == {}


def test_a_loop_that_seems_slower_and_is_not_decided_again_is_undecided():
    scattered = [Pair(0.06 * (number % 2), 1.0, 1.0) for number in range(MAX_PAIRS)]
    trial = Trial(Evidence({MLP_STEP: [Pair(0.1, 1.0, 1.0)] * MIN_PAIRS}), Evidence({MLP_STEP: scattered}))
    assert trial.verdicts([MLP_STEP])[MLP_STEP][1] == "undecided"


def test_a_slowdown_that_does_not_repeat_is_not_confirmed():
    def pairs(change):
        return [Pair(change, 1.0, 1.0)] * MIN_PAIRS

    trial = Trial(Evidence({MLP_STEP: pairs(0.1)}), Evidence({MLP_STEP: pairs(0.0)}))
    assert trial.verdicts([MLP_STEP])[MLP_STEP][1] == "not confirmed"


def test_a_killed_comparison_continues_where_it_was(monkeypatch, tmp_path):
    planted({}, monkeypatch)
    loops = [MLP_STEP, Loop("mlp", "forward", "numpy")]
    path = tmp_path / "trial.json"
    trial, measured = ResumableTrial(path), []

    def killed(note):
        trial.keep()
        measured.append(note)
        if len(measured) == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trial.run(ROOT, ROOT, loops, "tiny", keep=killed)
    again = ResumableTrial(path)
    assert sum(map(len, again.first.pairs.values())) == 5
    again.run(ROOT, ROOT, loops, "tiny")
    assert {len(pairs) for pairs in again.first.pairs.values()} == {MIN_PAIRS}
    assert again.first.pairs[MLP_STEP][:2] == trial.first.pairs[MLP_STEP][:2]


def test_a_loop_that_kills_its_process_does_not_stop_the_others(monkeypatch):
    """Real processes: the first loop kills its own, the second is measured by new ones."""
    real = benchmarks.ab.sides.pair_of

    def deadly(a, b, loop, size, *, slowdown=0.0, preparations=1):
        if loop.loop == "forward":
            os.kill(a.pid, signal.SIGKILL)
        return real(a, b, loop, size, slowdown=slowdown, preparations=preparations, rounds=1)

    monkeypatch.setattr(benchmarks.ab.sides, "pair_of", deadly)
    monkeypatch.setattr(benchmarks.ab.sides, "MAX_PAIRS", 1)
    evidence = Evidence()
    measure_pairs(ROOT, ROOT, [Loop("mlp", "forward", "numpy"), MLP_STEP], "tiny", evidence)
    assert "died" in evidence.failed[Loop("mlp", "forward", "numpy")]
    assert len(evidence.pairs[MLP_STEP]) == 1


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
    assert loops_of(ROOT, ["numpy"])[MLP_STEP] == version(load("mlp"))


def test_a_revision_that_cannot_be_imported_is_named(tmp_path):
    (tmp_path / "parity").mkdir()
    (tmp_path / "parity" / "__init__.py").write_text("raise RuntimeError('this revision is broken')")
    with pytest.raises(UsageError, match=f"cannot be measured: {tmp_path.name}: RuntimeError: this revision is broken"):
        loops_of(tmp_path, ["numpy"])
