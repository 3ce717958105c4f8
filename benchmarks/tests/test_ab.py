"""The command that compares two revisions, its exit codes, and its calibration."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pandas as pd
import psutil
import pytest
from rich.console import Console

import benchmarks.ab.trial
from benchmarks.ab import calibrate
from benchmarks.ab import run as ab
from benchmarks.ab.evidence import SITTING
from benchmarks.ab.resume import driver
from benchmarks.ab.sides import Failed, Loop, Pair
from benchmarks.ab.trial import Trial
from benchmarks.history.suite import version
from benchmarks.revisions import ROOT, commit_of
from benchmarks.tests.doubles import MLP_STEP, never_decided, noisy_pairs, planted
from parity import load
from parity.task import UsageError
from parity.tasks import names
from parity.timing.machine import Disturbance
from parity.timing.quiet import Quiet


def comparison(monkeypatch, tmp_path, *options, task="mlp", changed=None, listed=None):
    """The exit code of a comparison of the last commit with itself, as if some loops (by default all) had changed.

    `listed` are the loops of both revisions with their digests, by default this checkout's.
    """
    monkeypatch.setattr(ab, "refuse_dirty_tree", lambda: None)
    monkeypatch.setattr(ab, "ASV_DIR", tmp_path)
    monkeypatch.setattr(ab, "LOCK", tmp_path / "lock")  # the test does not wait for a user's own comparison
    monkeypatch.setenv("HOME", str(tmp_path))  # asv keeps a file about this machine there
    here = {Loop(name, loop, "numpy"): "digest" for name in names() for loop in load(name).loops}
    monkeypatch.setattr(ab, "loops_of", lambda *trees, frameworks: listed or [here, here])
    monkeypatch.setattr(
        ab.reach, "reached", lambda a, b, loops: {x: ["its code"] for x in loops if changed is None or x in changed}
    )
    tasks = ["--task", task] if task else []
    monkeypatch.setattr(sys, "argv", ["ab", "HEAD", "HEAD", "--framework", "numpy", *tasks, *options])
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
    assert [row["verdict"] for row in json.loads(rows.read_text())["rows"]] == ["not slower"] * 3


def test_exit_1_where_something_is_slower(monkeypatch, tmp_path, capsys):
    planted({MLP_STEP: 0.08}, monkeypatch)
    assert comparison(monkeypatch, tmp_path) == 1
    assert "mlp step numpy" in capsys.readouterr().out
    (path,) = tmp_path.glob("ab/*.json")
    row = next(row for row in json.loads(path.read_text())["rows"] if row["loop"] == "step")
    assert (row["verdict"], row["reached_by"]) == ("slower", ["its code"])
    assert len(row["log_ratios"]) == row["pairs"] == 2 * SITTING
    assert row["low"] > 0.03
    assert not list(tmp_path.rglob("*.unfinished.json"))


def test_only_what_can_have_changed_is_measured_and_a_few_controls(monkeypatch, tmp_path, capsys):
    planted({}, monkeypatch)
    assert comparison(monkeypatch, tmp_path, task=None, changed={MLP_STEP}) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "changed: its code: mlp step numpy" in out
    assert "measured as drift control" in out
    assert "3 loops compared: 0 slower" in out
    assert "loops (--all measures them)" in out


def test_where_no_code_differs_nothing_is_measured_unless_it_is_asked_for(monkeypatch, tmp_path, capsys):
    planted({}, monkeypatch)
    assert comparison(monkeypatch, tmp_path, changed=()) == 0
    out = capsys.readouterr().out
    assert "no loop runs code that differs" in out
    assert "loops compared" not in out
    assert comparison(monkeypatch, tmp_path, "--all", changed=()) == 0
    assert "3 loops compared" in capsys.readouterr().out


def test_a_dry_run_measures_nothing(monkeypatch, tmp_path, capsys):
    planted({}, monkeypatch, failing=[MLP_STEP])
    assert comparison(monkeypatch, tmp_path, "--dry-run", changed={MLP_STEP}) == 0
    assert "changed: its code: mlp step numpy" in capsys.readouterr().out


def test_exit_2_where_a_loop_drifts_though_its_code_is_the_same(monkeypatch, tmp_path, capsys):
    planted({MLP_STEP: 0.08}, monkeypatch)
    assert comparison(monkeypatch, tmp_path, "--all", changed={Loop("mlp", "forward", "numpy")}) == 2
    out = " ".join(capsys.readouterr().out.split())
    assert "mlp step numpy: slower though the code is the same: this machine cannot be trusted now" in out


def test_a_control_that_is_faster_has_drifted_too(monkeypatch, tmp_path, capsys):
    """It favours B, and hides what is slower."""
    planted({MLP_STEP: -0.2}, monkeypatch)
    assert comparison(monkeypatch, tmp_path, "--all", changed={Loop("mlp", "forward", "numpy")}) == 2
    assert "mlp step numpy: faster though the code is the same" in " ".join(capsys.readouterr().out.split())


def test_controls_of_some_tasks_are_loops_that_nothing_reached(monkeypatch, tmp_path, capsys):
    """Also loops of tasks that were not asked for may have changed."""
    planted({}, monkeypatch)
    changed = {Loop(name, loop, "numpy") for name in names() for loop in load(name).loops} - {MLP_STEP}
    assert comparison(monkeypatch, tmp_path, task="lstm", changed=changed) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "measured as drift control, their code is the same: mlp step numpy" in out
    (path,) = tmp_path.glob("ab/*-base-*.json")
    written = json.loads(path.read_text())
    assert {row["task"] for row in written["rows"]} == {"lstm", "mlp"}
    assert (written["floor"], written["ceiling"], written["level"]) == (0.03, 0.04, 0.05)
    assert list(written["versions"]) == ["numpy"]


def test_exit_2_where_a_loop_cannot_be_measured(monkeypatch, tmp_path, capsys):
    planted({}, monkeypatch, failing=[MLP_STEP])
    assert comparison(monkeypatch, tmp_path) == 2
    assert "could not be measured: mlp step numpy: ValueError: broken" in capsys.readouterr().out
    measured = []
    planted({}, monkeypatch, pair_of=lambda a, b, loop, size: measured.append(loop) or Pair(0.0, 1.0, 1.0))
    assert comparison(monkeypatch, tmp_path) == 0
    assert set(measured) == {MLP_STEP}  # the others have their pairs


def test_exit_2_where_something_unforeseen_happens(monkeypatch, tmp_path, capsys):
    """Exit code 1 would say that something is slower."""
    monkeypatch.setattr(ab, "write_results", lambda *args: 1 / 0)
    planted({}, monkeypatch)
    assert comparison(monkeypatch, tmp_path) == 2
    assert capsys.readouterr().err.splitlines()[-1] == "ab: ZeroDivisionError: division by zero"


def test_a_reader_that_left_is_one_line_and_exit_2():
    code = "from benchmarks.command import run_command; from parity.cli import Terminal; "
    code += "run_command(lambda: Terminal().print('x'), 'ab', kept='')"
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, stdout=writer, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writer)
    assert done.returncode == 2
    assert done.stderr == "ab: the output cannot be written: the reader closed the pipe\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_is_one_line_and_exit_2(number):
    code = "import time; from benchmarks.command import run_command\n"
    code += "def command():\n    try: print('begun', flush=True); time.sleep(600)\n    finally: print('removed')\n"
    code += "run_command(command, 'ab', kept='measured pairs are kept')"
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "begun\n"
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, "removed\n")
    assert err == "ab: interrupted; measured pairs are kept, and the same command continues\n"


def test_a_loop_that_only_one_revision_has_is_listed_and_not_compared(monkeypatch, tmp_path, capsys):
    """The first revision has another task, and another specification of `sgd_step`; the second has one more loop."""
    changed = Loop("sgd_step", "step", "numpy")
    of = [
        {MLP_STEP: "same", changed: "before", Loop("lstm", "forward", "numpy"): "same"},
        {MLP_STEP: "same", changed: "after", Loop("mlp", "forward", "numpy"): "same"},
    ]
    planted({}, monkeypatch)
    assert comparison(monkeypatch, tmp_path, task=None, listed=of) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "only in HEAD, not compared: lstm forward numpy" in out
    assert "only in HEAD, not compared: mlp forward numpy" in out
    assert "the specification changed, not compared: sgd_step" in out
    assert "1 loop compared: 0 slower" in out


def test_a_task_that_this_checkout_lacks_is_compared_and_not_shown(monkeypatch, tmp_path):
    """The pages show this checkout's tasks; the verdict is kept."""
    planted({}, monkeypatch)
    gone = Loop("of_both_revisions", "forward", "numpy")
    found = {gone: "d", MLP_STEP: version(load("mlp"))}
    assert comparison(monkeypatch, tmp_path, task=None, listed=[found, found]) == 0
    (kept,) = tmp_path.glob("results/*/*-paired-py*-numpy*.json")
    assert list(json.loads(kept.read_text())["results"]) == ["numpy_loops.MlpCpu.time_loop"]


def test_exit_2_where_a_loop_stays_undecided_and_the_same_command_adds_pairs(monkeypatch, tmp_path, capsys):
    planted({}, monkeypatch, pair_of=never_decided())
    monkeypatch.setattr(benchmarks.ab.trial, "MAX_PAIRS", 2 * SITTING)
    assert comparison(monkeypatch, tmp_path, changed={MLP_STEP}) == 2
    out = " ".join(capsys.readouterr().out.split())
    assert "undecided: mlp step numpy: 12 pairs that scatter by" in out
    assert "run the same command again when the machine is quieter" in out
    planted({}, monkeypatch)
    comparison(monkeypatch, tmp_path, changed={MLP_STEP})
    assert "continuing after" in capsys.readouterr().out
    (path,) = (path for path in tmp_path.glob("ab/*.json") if "unfinished" not in path.name)
    pairs = {row["loop"]: row["pairs"] for row in json.loads(path.read_text())["rows"]}
    assert pairs["step"] > 2 * SITTING


def test_pairs_of_another_machine_or_of_other_loops_are_not_continued(monkeypatch):
    mine = ab.fingerprint([MLP_STEP])
    assert ab.fingerprint([MLP_STEP]) == mine
    assert ab.fingerprint([MLP_STEP, Loop("mlp", "forward", "numpy")]) != mine
    monkeypatch.setattr(ab, "cpu", lambda: "another")
    assert ab.fingerprint([MLP_STEP]) != mine


def test_each_commit_has_the_times_of_its_side(monkeypatch, tmp_path):
    added = {}

    def add(to, commit, size, times, digests, threads):
        added[commit] = times

    monkeypatch.setattr(ab, "ASV_DIR", tmp_path)
    monkeypatch.setattr(ab, "add_times", add)
    trial = Trial(pairs={MLP_STEP: [Pair(0.0, 1.0, 2.0)]})
    ab.write_results(("old", "new"), "tiny", trial, trial.changes([MLP_STEP]), {}, {})
    assert added == {"old": {MLP_STEP: [1.0]}, "new": {MLP_STEP: [2.0]}}


def test_pairs_are_kept_for_their_revisions_their_size_and_the_driver(monkeypatch, tmp_path):
    planted({}, monkeypatch, pair_of=never_decided())
    monkeypatch.setattr(benchmarks.ab.trial, "MAX_PAIRS", SITTING)
    comparison(monkeypatch, tmp_path, changed={MLP_STEP})
    (kept,) = tmp_path.glob("ab/*.unfinished.json")
    head = commit_of("HEAD")[:12]
    assert kept.name.startswith(f"{head}-{head}-base-")
    assert kept.name.endswith(f"-{driver()}.unfinished.json")


@pytest.mark.parametrize(
    ("competing", "spread", "words"),
    [
        (0.0, 0.02, "quiet: six pairs"),
        (2.0, 0.02, "more pairs"),
        (0.0, 0.5, "more pairs"),
        (None, 0.02, "if nothing else runs"),
    ],
)
def test_what_to_expect_of_a_comparison(monkeypatch, competing, spread, words):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert words in ab.expected(Quiet(Disturbance(2.0, 4.0, 2.0, competing, 0.0, 0.0, 0), spread))


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


def calibrated(kept, rows, **how):
    """The rows of a calibration on one loop."""
    calibrate.calibrate(ROOT, [MLP_STEP], "tiny", rows, kept, Console(width=200), **how)
    return pd.DataFrame(calibrate.kept_rows(kept, [MLP_STEP]))


def test_a_calibration_counts_false_alarms_and_detections(monkeypatch, tmp_path, capsys):
    planted({}, monkeypatch, seconds=0.5)
    rows = calibrated(tmp_path, 3)  # two streams, with two rows each
    words = rows[rows["at_once"] == 1].groupby("planted")["verdict"].agg(list).to_dict()
    assert words[0.0] == ["not slower"] * 4 * calibrate.UNCHANGED
    assert words[0.05] == words[0.045] == ["slower"] * 4
    assert len(words[0.035]) == 4 * calibrate.EACH
    assert "undecided" not in words[0.035]
    assert set(rows[rows["planted"] == 0]["seconds"]) == {0.5 * SITTING}
    assert (rows["at_once"] == calibrate.USUAL).sum() == len(rows) / 2
    out = " ".join(capsys.readouterr().out.split())
    assert "One of 1 loops, beside nothing" in out
    assert "+0.0% 16 0.0% none 0 0.0% 6 3.0" in out
    assert "+4.5% 4 100.0% 95% 4 0.0%" in out


def test_a_row_is_what_the_driver_would_have_said(monkeypatch, tmp_path):
    """The rows of a stream are those of trials of their own that had its pairs, with what is planted in them."""
    planted({}, monkeypatch, pair_of=noisy_pairs())
    streams = calibrate.Streams(tmp_path / "stream.json")
    streams.run(ROOT, ROOT, [MLP_STEP], "tiny")
    found = streams.rows(MLP_STEP, [MLP_STEP], at_once=1)
    assert len(found) == 8 + 2 + 2 + 6
    for row, change in found.items():
        begun = streams.pairs[MLP_STEP][row.sitting * SITTING :]
        again = iter([row.sign * pair.log_ratio + np.log1p(row.planted) for pair in begun])
        planted({}, monkeypatch, pair_of=lambda *args, again=again: Pair(next(again), 1.0, 1.0))
        trial = Trial()
        trial.run(ROOT, ROOT, [MLP_STEP], "tiny")
        assert trial.change(MLP_STEP, [MLP_STEP]) == change


def test_a_calibration_of_as_many_loops_as_are_usual_ends(monkeypatch, tmp_path):
    """Both levels are one then.  A loop that fails, also after some pairs, has no rows."""
    failing = iter([None, None, Failed("it died")])

    def pair_of(a, b, loop, size):
        if loop == MLP_STEP and (failed := next(failing)):
            raise failed
        return Pair(0.0, 1.0, 1.0)

    planted({}, monkeypatch, pair_of=pair_of)
    loops = [MLP_STEP, *(Loop("lstm", str(number), "numpy") for number in range(calibrate.USUAL - 1))]
    calibrate.calibrate(ROOT, loops, "tiny", 1, tmp_path, Console(width=200))
    rows = pd.DataFrame(calibrate.kept_rows(tmp_path, loops))
    assert set(rows["at_once"]) == {calibrate.USUAL}
    assert rows.groupby("planted").size().to_dict() == {0.0: 24, 0.035: 6, 0.045: 6, 0.05: 6}  # of the third of them


def test_an_undecided_row_has_as_many_pairs_as_one_run_of_the_driver(monkeypatch, tmp_path):
    planted({}, monkeypatch, pair_of=never_decided())
    for module in (calibrate, benchmarks.ab.trial):
        monkeypatch.setattr(module, "MAX_PAIRS", 20)
    rows = calibrated(tmp_path, 1)
    assert set(rows["pairs"]) == {20}  # from whichever sitting on
    assert set(rows["verdict"]) == {"undecided"}
    assert calibrated(tmp_path, 1).equals(rows)  # what is finished gets no more pairs


def test_a_stream_whose_rows_have_all_their_pairs_gets_no_more(monkeypatch, tmp_path):
    """After each kill a run might add as many."""
    planted({}, monkeypatch, pair_of=never_decided())
    for module in (calibrate, benchmarks.ab.trial):
        monkeypatch.setattr(module, "MAX_PAIRS", 20)
    for _ in range(3):
        streams = calibrate.Streams(tmp_path / "stream.json")
        streams.run(ROOT, ROOT, [MLP_STEP], "tiny", keep=lambda note, streams=streams: streams.keep())
    assert streams.count(MLP_STEP) == 20 + (calibrate.UNCHANGED - 1) * SITTING  # the last row begins so much later


def test_rows_beside_a_competitor_are_counted_apart(monkeypatch, tmp_path):
    competitors = []
    real = calibrate.competing

    @contextlib.contextmanager
    def watched():
        with real() as process:
            competitors.append(process)
            yield process

    monkeypatch.setattr(calibrate, "competing", watched)
    planted({}, monkeypatch)
    calibrated(tmp_path, 2)
    rows = calibrated(tmp_path, 3, competitor=True)  # a second stream, as the quiet rows are none of these
    assert rows.groupby(["competitor", "at_once", "planted"]).size().to_dict() == {
        (competitor, at_once, planted_): streams
        * 2
        * {0.0: calibrate.UNCHANGED, 0.035: calibrate.EACH}.get(planted_, 1)
        for competitor, streams in ((False, 1), (True, 2))
        for at_once in (1, calibrate.USUAL)
        for planted_ in (0.0, *calibrate.PLANTED)
    }
    assert [process.poll() is not None for process in competitors] == [True, True]  # each ended with its stream


def test_a_competitor_computes_beside_the_measured_core(monkeypatch):
    asked = []
    monkeypatch.setattr(calibrate, "cores", lambda: {0, 1, 2})
    monkeypatch.setattr(calibrate, "last_core", lambda: {2})
    monkeypatch.setattr(os, "sched_setaffinity", lambda pid, where: asked.append((pid, where)))
    with calibrate.competing() as process:
        computing = psutil.Process(process.pid)
        while process.poll() is None and sum(computing.cpu_times()[:2]) < 0.3:
            time.sleep(0.01)
        assert process.poll() is None
    assert asked == [(process.pid, {0, 1})]


def test_streams_that_are_not_finished_have_no_rows(tmp_path):
    streams = calibrate.Streams(tmp_path / "competitor-1.unfinished.json")
    streams.pairs[MLP_STEP] = [Pair(0.0, 1.0, 1.0)]
    streams.keep()
    assert list(calibrate.kept_rows(tmp_path, [MLP_STEP])) == []


def test_a_competitor_ends_with_a_calibration_that_is_killed():
    code = "import os, signal; from benchmarks.ab.calibrate import competing\n"
    code += "with competing() as process: print(process.pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    with contextlib.suppress(psutil.NoSuchProcess):  # it has ended already
        psutil.Process(int(done.stdout)).wait(10)


def test_a_calibration_in_which_nothing_can_be_measured_says_so(monkeypatch, tmp_path, capsys):
    planted({}, monkeypatch, failing=[MLP_STEP])
    with pytest.raises(UsageError, match="no loop could be measured"):
        calibrated(tmp_path, 1)
    assert "mlp step numpy: ValueError: broken" in capsys.readouterr().out


def test_a_killed_calibration_continues_where_it_was(monkeypatch, tmp_path):
    left, measured = [SITTING - 2], []

    def killed(a, b, loop, size):
        if len(measured) == left[0]:
            raise KeyboardInterrupt
        measured.append(loop)
        return Pair(0.0, 1.0, 1.0)

    planted({}, monkeypatch, pair_of=killed)
    with pytest.raises(KeyboardInterrupt):
        calibrated(tmp_path, 1)
    left[0] = None
    calibrated(tmp_path, 1)
    assert len(measured) == calibrate.UNCHANGED * SITTING
    assert not list(tmp_path.rglob("*.unfinished.json"))
    finished = len(measured)
    calibrated(tmp_path, 1)  # all rows are there: it only prints the table
    assert len(measured) == finished
