"""The command that compares two revisions, its exit codes, and its calibration."""

import json
import sys
import threading

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

import benchmarks.ab.sides
from benchmarks.ab import calibrate
from benchmarks.ab import run as ab
from benchmarks.ab.sides import Loop, Pair
from benchmarks.ab.statistics import MIN_PAIRS
from benchmarks.history.suite import version
from benchmarks.revisions import ROOT
from benchmarks.tests.doubles import MLP_STEP, planted
from parity import load
from parity.task import UsageError


def comparison(monkeypatch, tmp_path, *, task="mlp"):
    """The exit code of a comparison of the last commit with itself, in this task or in all."""
    monkeypatch.setattr(ab, "refuse_dirty_tree", lambda: None)
    monkeypatch.setattr(ab, "ASV_DIR", tmp_path)
    monkeypatch.setattr(ab, "LOCK", tmp_path / "lock")  # the test does not wait for a user's own comparison
    monkeypatch.setenv("HOME", str(tmp_path))  # asv keeps a file about this machine there
    tasks = ["--task", task] if task else []
    monkeypatch.setattr(sys, "argv", ["ab", "HEAD", "HEAD", "--framework", "numpy", *tasks])
    with pytest.raises(SystemExit) as stop:
        ab.main()
    return stop.value.code


def test_exit_0_where_nothing_is_slower_and_asv_has_the_times(monkeypatch, tmp_path, capsys):
    planted({}, monkeypatch)
    assert comparison(monkeypatch, tmp_path) == 0
    assert "3 loops compared: 0 slower" in " ".join(capsys.readouterr().out.split())
    (kept,) = tmp_path.glob("results/*/*-paired-py*-numpy*.json")
    results = json.loads(kept.read_text())
    assert results["env_vars"]["OMP_NUM_THREADS"] == "1"
    values = results["results"]["numpy_loops.MlpCpu.time_loop"][0]
    assert sum(value == value for value in values) == 3  # asv's NaN stands for the other sizes
    assert results["params"]["numpy"] == np.__version__
    assert results["params"]["clock"] == "paired"  # a separate graph
    (rows,) = tmp_path.glob("ab/*.json")
    assert [row["verdict"] for row in json.loads(rows.read_text())["rows"]] == ["as fast"] * 3


def test_exit_1_where_something_is_slower(monkeypatch, tmp_path, capsys):
    planted({MLP_STEP: 0.08}, monkeypatch)
    monkeypatch.setattr(ab, "git", lambda *args: "impl_numpy/mlp.py")  # NumPy's code has changed
    assert comparison(monkeypatch, tmp_path) == 1
    assert "mlp step numpy" in capsys.readouterr().out


def test_exit_2_where_numpy_drifts_though_its_code_is_the_same(monkeypatch, tmp_path, capsys):
    planted({MLP_STEP: 0.08}, monkeypatch)
    assert comparison(monkeypatch, tmp_path) == 2
    assert "this machine cannot be trusted" in " ".join(capsys.readouterr().out.split())


def test_exit_2_where_a_loop_cannot_be_measured(monkeypatch, tmp_path, capsys):
    planted({}, monkeypatch, failing=[MLP_STEP])
    assert comparison(monkeypatch, tmp_path) == 2
    assert "could not be measured: mlp step numpy: ValueError: broken" in capsys.readouterr().out


def test_a_loop_that_only_one_revision_has_is_listed_and_not_compared(monkeypatch, tmp_path, capsys):
    """The first revision has another task, and another specification of `sgd_step`; the second has one more loop."""
    changed = Loop("sgd_step", "step", "numpy")
    of = [
        {MLP_STEP: "same", changed: "before", Loop("lstm", "forward", "numpy"): "same"},
        {MLP_STEP: "same", changed: "after", Loop("mlp", "forward", "numpy"): "same"},
    ]
    planted({}, monkeypatch)
    monkeypatch.setattr(ab, "loops_of", lambda tree, frameworks: of.pop(0))
    assert comparison(monkeypatch, tmp_path, task=None) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "only in HEAD, not compared: lstm forward numpy" in out
    assert "only in HEAD, not compared: mlp forward numpy" in out
    assert "the specification changed, not compared: sgd_step" in out
    assert "1 loops compared: 0 slower" in out


def test_a_task_that_this_checkout_lacks_is_compared_and_not_shown(monkeypatch, tmp_path):
    """The pages show this checkout's tasks; the verdict is kept."""
    planted({}, monkeypatch)
    gone = Loop("of_both_revisions", "forward", "numpy")
    monkeypatch.setattr(ab, "loops_of", lambda tree, frameworks: {gone: "d", MLP_STEP: version(load("mlp"))})
    assert comparison(monkeypatch, tmp_path, task=None) == 0
    (kept,) = tmp_path.glob("results/*/*-paired-py*-numpy*.json")
    assert list(json.loads(kept.read_text())["results"]) == ["numpy_loops.MlpCpu.time_loop"]


def test_exit_2_where_a_loop_stays_undecided(monkeypatch, tmp_path, capsys):
    planted({}, monkeypatch)
    rng = np.random.default_rng(5)
    monkeypatch.setattr(
        benchmarks.ab.sides, "pair_of", lambda *args, **kwargs: Pair(0.03 + 0.1 * rng.standard_normal(), 1.0, 1.0)
    )  # fmt: skip
    assert comparison(monkeypatch, tmp_path) == 2
    assert "undecided after 48 pairs" in " ".join(capsys.readouterr().out.split())


def test_pairs_of_another_machine_or_of_other_loops_are_not_continued(monkeypatch):
    mine = ab.fingerprint([MLP_STEP])
    assert ab.fingerprint([MLP_STEP]) == mine
    assert ab.fingerprint([MLP_STEP, Loop("mlp", "forward", "numpy")]) != mine
    monkeypatch.setattr(ab, "cpu", lambda: "another")
    assert ab.fingerprint([MLP_STEP]) != mine


def test_a_calibration_without_a_loop_is_refused(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(ab, "refuse_dirty_tree", lambda: None)
    monkeypatch.setattr(ab, "LOCK", tmp_path / "lock")
    monkeypatch.setattr(sys, "argv", ["ab", "--calibrate", "--framework", "numpy", "--task", "loss_misuse"])
    with pytest.raises(SystemExit) as stop:
        ab.main()
    assert stop.value.code == 2
    assert "no loop to calibrate with" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["nowhere"], "there is no revision 'nowhere'"),
        (["--framework", "jax"], "jax"),
        (["--task", "mpl"], "mlp"),
        (["--size", "huge"], "huge"),
    ],
)
def test_an_unknown_name_is_exit_2_and_named(monkeypatch, capsys, args, message):
    monkeypatch.setattr(ab, "refuse_dirty_tree", lambda: None)
    monkeypatch.setattr(sys, "argv", ["ab", *args])
    with pytest.raises(SystemExit) as stop:
        ab.main()
    assert stop.value.code == 2
    assert message in capsys.readouterr().err


def test_comparisons_wait_for_one_another(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(ab, "LOCK", tmp_path / "lock")
    order = []

    def second():
        with ab.alone(Console()):
            order.append("second")

    with ab.alone(Console()):
        waiting = threading.Thread(target=second)
        waiting.start()
        waiting.join(0.2)
        order.append("first")
    waiting.join()
    assert order == ["first", "second"]
    assert "waiting for its end" in capsys.readouterr().out


def test_a_calibration_counts_false_alarms_and_detections(monkeypatch, tmp_path, capsys):
    def honest(a, b, loop, size, *, slowdown=0.0, preparations=1):
        return Pair(float(np.log1p(slowdown)), 1.0, 1.0)

    planted({}, monkeypatch)
    monkeypatch.setattr(benchmarks.ab.sides, "pair_of", honest)
    calibrate.calibrate(ROOT, [MLP_STEP], "tiny", 10, tmp_path / "kept", Console(width=120))
    rows = pd.read_csv(tmp_path / "kept" / "rows.csv")
    assert rows.groupby("planted")["verdict"].agg(list).to_dict() == {
        0.0: ["as fast"] * 10, 0.05: ["slower"], 0.1: ["slower"],
    }  # fmt: skip


def test_a_calibration_in_which_nothing_can_be_measured_says_so(monkeypatch, tmp_path, capsys):
    planted({}, monkeypatch, failing=[MLP_STEP])
    with pytest.raises(UsageError, match="no loop could be measured"):
        calibrate.calibrate(ROOT, [MLP_STEP], "tiny", 1, tmp_path, Console(width=120))
    assert "mlp step numpy: ValueError: broken" in capsys.readouterr().out
    assert not (tmp_path / "rows.csv").exists()


def test_a_killed_calibration_continues_where_it_was(monkeypatch, tmp_path):
    left, measured = [MIN_PAIRS - 2], []

    def killed(a, b, loop, size, *, slowdown=0.0, preparations=1):
        if len(measured) == left[0]:
            raise KeyboardInterrupt
        measured.append(slowdown)
        return Pair(float(np.log1p(slowdown)), 1.0, 1.0)

    def one_row():
        calibrate.calibrate(ROOT, [MLP_STEP], "tiny", 1, tmp_path, Console(width=120))

    planted({}, monkeypatch)
    monkeypatch.setattr(benchmarks.ab.sides, "pair_of", killed)
    with pytest.raises(KeyboardInterrupt):
        one_row()
    left[0] = None
    one_row()
    assert measured.count(0.0) == MIN_PAIRS
    assert not list(tmp_path.rglob("*.unfinished.json"))
