"""A comparison: its sittings, its verdicts, what ends it, and what a kill leaves of it."""

import contextlib
import shutil
from types import SimpleNamespace

import numpy as np
import pytest

import benchmarks.ab.trial
from benchmarks.ab import resume
from benchmarks.ab.evidence import SITTING, change_of, sittings
from benchmarks.ab.resume import ResumableTrial
from benchmarks.ab.sides import Loop, Pair
from benchmarks.ab.trial import APART, Trial
from benchmarks.revisions import ROOT
from benchmarks.tests.doubles import MLP_STEP, never_decided, planted
from parity.task import UsageError


def words(trial, loops):
    return {loop.loop: change.word for loop, change in trial.changes(loops).items()}


def test_a_trial_says_slower_faster_and_not_slower(monkeypatch):
    slow, fast, same, broken = loops = [Loop("mlp", name, "numpy") for name in ("slow", "fast", "same", "broken")]
    planted({slow: 0.08, fast: -0.2}, monkeypatch, failing=[broken])
    trial = Trial()
    trial.run(ROOT, ROOT, loops, "tiny")
    assert words(trial, loops) == {"slow": "slower", "fast": "faster", "same": "not slower"}
    assert trial.failed == {broken: "ValueError: broken"}
    assert trial.count(same) == trial.count(fast) == SITTING
    assert trial.count(slow) == 2 * SITTING


def test_what_decides_are_all_pairs_of_both_sittings(monkeypatch):
    planted({MLP_STEP: 0.08}, monkeypatch)
    trial = Trial()
    trial.run(ROOT, ROOT, [MLP_STEP], "tiny")
    assert trial.change(MLP_STEP, [MLP_STEP]).pairs == len(trial.pairs[MLP_STEP]) == 2 * SITTING


def test_sittings_lie_apart_and_every_loop_has_its_turn_in_each(monkeypatch):
    order, made_up = [], never_decided()

    def watched(a, b, loop, size):
        order.append(loop.framework)
        return made_up()

    clock = planted({}, monkeypatch, pair_of=watched)
    monkeypatch.setattr(benchmarks.ab.trial, "MAX_PAIRS", 4 * SITTING)
    Trial().run(ROOT, ROOT, [MLP_STEP, Loop("mlp", "step", "torch")], "tiny")
    assert order == (["numpy"] * SITTING + ["torch"] * SITTING) * 4
    assert clock.waited == [0.0, APART, APART, APART]


def test_sittings_lie_apart_also_where_a_kill_came_between(monkeypatch, tmp_path):
    """The second process waits for what is left of the minute."""
    clock = planted({MLP_STEP: 0.08}, monkeypatch)
    trial = ResumableTrial(tmp_path / "trial.json")

    def killed(note):
        trial.keep()
        if trial.count(MLP_STEP) == SITTING:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trial.run(ROOT, ROOT, [MLP_STEP], "tiny", keep=killed)
    ResumableTrial(tmp_path / "trial.json").run(ROOT, ROOT, [MLP_STEP], "tiny")
    assert clock.waited == [0.0, APART - SITTING]  # a pair takes a second


def test_a_clock_that_was_set_back_costs_no_more_than_the_minute(monkeypatch):
    clock, trial = planted({}, monkeypatch), Trial()
    trial.began = clock.now + 1e6
    trial.run(ROOT, ROOT, [MLP_STEP], "tiny")
    assert clock.waited == [APART]


def test_a_long_sitting_waits_for_nothing(monkeypatch):
    clock = planted({MLP_STEP: 0.08}, monkeypatch, seconds=APART)
    Trial().run(ROOT, ROOT, [MLP_STEP], "tiny")
    assert set(clock.waited) == {0.0}


def test_the_time_of_a_loop_includes_its_share_of_the_processes(monkeypatch):
    planted({}, monkeypatch, seconds=2.0)
    trial = Trial()
    trial.run(ROOT, ROOT, [MLP_STEP, Loop("mlp", "forward", "numpy")], "tiny")
    assert trial.spent[MLP_STEP] == 2.0 * SITTING


def test_a_hundred_unchanged_loops_give_no_alarm_however_often_they_are_tested(monkeypatch):
    """Pairs with a heavy tail, until each loop is decided."""
    rng = np.random.default_rng(4)
    planted({}, monkeypatch, pair_of=lambda *args, **kwargs: Pair(0.015 * rng.standard_t(3), 1.0, 1.0))
    loops = [Loop("mlp", str(number), "numpy") for number in range(100)]
    trial = Trial()
    trial.run(ROOT, ROOT, loops, "tiny")
    assert set(words(trial, loops).values()) <= {"not slower", "faster"}


def test_an_undecided_loop_ends_and_the_next_run_adds_pairs(monkeypatch, tmp_path):
    planted({}, monkeypatch, pair_of=never_decided())
    monkeypatch.setattr(benchmarks.ab.trial, "MAX_PAIRS", 2 * SITTING)
    for run in (1, 2):
        trial = ResumableTrial(tmp_path / "trial.json")
        trial.run(ROOT, ROOT, [MLP_STEP], "tiny", keep=lambda note, trial=trial: trial.keep())
        assert words(trial, [MLP_STEP]) == {"step": "undecided"}
        assert trial.count(MLP_STEP) == run * 2 * SITTING


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
    assert sum(map(len, again.pairs.values())) == 5
    again.run(ROOT, ROOT, loops, "tiny")
    assert {len(pairs) for pairs in again.pairs.values()} == {SITTING}
    assert again.pairs[MLP_STEP][:2] == trial.pairs[MLP_STEP][:2]


@pytest.mark.parametrize("name", ["sides.py", "worker.py"])
def test_pairs_of_another_driver_are_not_continued(monkeypatch, tmp_path, name):
    """Their file has another name."""
    for one in ("sides.py", "worker.py"):
        shutil.copy(ROOT / "benchmarks" / "ab" / one, tmp_path)
    monkeypatch.setattr(resume, "__file__", str(tmp_path / "resume.py"))
    before = resume.driver()
    with open(tmp_path / name, "a") as file:
        file.write("\n")
    assert resume.driver() != before


def test_what_another_version_of_the_driver_left_is_refused(tmp_path):
    (tmp_path / "trial.json").write_text('{"format": 1}')
    with pytest.raises(UsageError, match="another version of the driver"):
        ResumableTrial(tmp_path / "trial.json")


def test_processes_that_are_dead_at_once_cost_a_loop_each_and_end_nothing(monkeypatch):
    """As where the machine has no memory for them."""

    @contextlib.contextmanager
    def dead(a, b, *, b_first):
        yield SimpleNamespace(alive=False), SimpleNamespace(alive=False)

    planted({}, monkeypatch, failing=[MLP_STEP])
    monkeypatch.setattr(benchmarks.ab.trial, "sides", dead)
    trial, other = Trial(), Loop("mlp", "forward", "numpy")
    trial.run(ROOT, ROOT, [MLP_STEP, other], "tiny")
    assert list(trial.failed) == [MLP_STEP]
    assert list(trial.changes([MLP_STEP, other])) == [other]


def test_the_loops_of_a_comparison_share_the_level():
    x = [0.05, 0.06] * SITTING
    trial = Trial(pairs={MLP_STEP: [Pair(one, 1.0, 1.0) for one in x]})
    shared = trial.change(MLP_STEP, [MLP_STEP] * 100)
    assert shared == change_of(sittings(x), loops=100)
    assert shared != change_of(sittings(x), loops=1)


def test_each_revision_starts_first_in_half_of_the_pairs(monkeypatch):
    started = []

    @contextlib.contextmanager
    def watched(a, b, *, b_first):
        started.append(b_first)
        yield SimpleNamespace(alive=True), SimpleNamespace(alive=True)

    planted({}, monkeypatch)
    monkeypatch.setattr(benchmarks.ab.trial, "sides", watched)
    Trial().run(ROOT, ROOT, [MLP_STEP], "tiny")
    assert started == [False, True] * (SITTING // 2)


def test_a_loop_that_failed_after_some_pairs_has_no_verdict():
    trial = Trial(pairs={MLP_STEP: [Pair(0.0, 1.0, 1.0)] * SITTING}, failed={MLP_STEP: "it died"})
    assert trial.changes([MLP_STEP]) == {}
