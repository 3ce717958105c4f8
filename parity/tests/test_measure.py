"""Times side by side: gated on the verdict, in turns, with their interval, written whole."""

import contextlib
import dataclasses
import io
import json
import signal
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

import impl_numpy
from benchmarks.overhead.by_hand import BARE
from parity.timing.contest import Contest, Entry
from benchmarks.revisions import ROOT
from parity import environment, load, times, times_report
from parity.frameworks.environment import sources
from parity.frameworks.runtime import PACKAGES, available
from parity.judging.noise import LIMIT
from parity.task import UsageError
from parity.timing.loop import USUAL, Contestant, prepared

NUMPY = Contestant(framework="numpy")


def contest(**options):
    given = {"tasks": "mlp", "frameworks": "numpy", "devices": "", "modes": "", "size": "tiny"}
    return Contest.of({**given, "verdicts": "", "lost": "[]", **options}.get)


@pytest.fixture
def entry():
    return Entry(load("mlp"), "step", NUMPY)


def test_a_loop_that_agrees_has_a_time(entry):
    assert contest().refusal(entry) == ""


def test_a_loop_that_computes_something_else_has_none(entry):
    asked = contest()
    asked.verdicts["mlp", "numpy", "cpu", "float32", "eager", "tiny", "step"] = ["agrees", "differs"]
    assert asked.refusal(entry) == "its outputs: differs"


def test_what_cannot_run_here_has_none_and_says_why():
    graph = Entry(load("mlp"), "step", Contestant(framework="numpy", mode="graph"))
    assert "numpy has no mode 'graph'" in contest().refusal(graph)
    small = dataclasses.replace(load("mlp"), sizes={"base": {}})
    assert contest().refusal(Entry(small, "step", NUMPY)) == "the task has no size 'tiny'"


def test_verdicts_are_read_from_a_run(entry, tmp_path):
    row = {"task": "mlp", "framework": "numpy", "device": "cpu", "dtype": "float32", "mode": "eager", "size": "tiny"}
    rows = [{**row, "output": "step/loss", "verdict": "error", "units": None}]
    path = tmp_path / "rows.json"

    def written_with(versions, sources):
        environment = {"frameworks": {"numpy": {"versions": versions}}, "sources": sources}
        path.write_text(json.dumps({"environment": environment, "rows": rows}))
        return contest(verdicts=str(path))

    assert written_with(impl_numpy.versions(), sources()).refusal(entry) == "its outputs: error"
    assert written_with({"numpy": "1.0"}, sources()).refusal(entry) == ""  # another version's verdict: judged again
    assert written_with(impl_numpy.versions(), "others").refusal(entry) == ""  # of sources that have changed since
    path.write_text("half a fi")
    with pytest.raises(UsageError, match="is no file of verdicts"):
        contest(verdicts=str(path))


def test_the_sources_that_decide_the_numbers_have_a_digest(tmp_path, monkeypatch):
    monkeypatch.setattr(environment, "__file__", str(tmp_path / "parity" / "environment.py"))

    def after(name, content):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        return sources()

    first = after("impl_tf/mlp.py", "x = 1")
    assert after("parity/tests/test_mlp.py", "x = 1") == after("parity/README.md", "") == first
    assert len({first, after("impl_tf/mlp.py", "x = 2"), after("parity/divergences/layers.toml", "")}) == 3


def test_time_prints_a_table_and_writes_parquet_and_csv(tmp_path):
    command = [sys.executable, "-m", "parity", "time", "mlp", "--framework", "numpy", "--size", "tiny"]
    done = subprocess.run([*command, "--output", str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "geo. mean" in done.stdout
    rows = pd.read_parquet(tmp_path / "times.parquet")
    assert list(rows["loop"]) == ["forward", "backward", "step"]
    assert (rows["median_seconds"] > 0).all()
    assert ((rows["units"] > 0) & (rows["units"] < LIMIT)).all()
    assert [len(turns) for turns in rows["seconds"]] == [times.TURNS] * 3
    assert all(len(rounds) for turns in rows["seconds"] for rounds in turns)
    assert (rows["low_seconds"] <= rows["median_seconds"]).all()
    assert (rows["median_seconds"] <= rows["high_seconds"]).all()
    card = {"numpy", "dtype", "size", "device", "threads", "layout", "tf32", "onednn", "examples_per_second"}
    assert card | {"import_seconds", "build_seconds", "first_seconds", "cpu", "cores"} <= set(rows.columns)
    assert list(pd.read_csv(tmp_path / "times.csv")["loop"]) == list(rows["loop"])


def test_time_refuses_an_unwritable_folder(tmp_path):
    command = [sys.executable, "-m", "parity", "time", "mlp", "--output", str(tmp_path / "nowhere")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "cannot be written" in done.stderr


def test_contestants_take_turns_and_another_one_begins_each_time():
    turns = [(str(entry), turn) for entry, turn in contest(frameworks="numpy,torch").turns()]
    forward = [f"mlp forward {who}" for who in ("numpy", "torch")]
    assert turns[:4] == [(forward[0], 0), (forward[1], 0), (forward[1], 1), (forward[0], 1)]
    assert {entry for entry, _ in turns[: 2 * times.TURNS]} == set(forward)
    assert len(turns) == len(set(turns)) == 3 * 2 * times.TURNS


def test_modes_are_added_to_the_usual_ones():
    asked = contest(frameworks="numpy,torch,tf", devices="cpu", modes="xla,graph")
    contestants = [str(contestant) for contestant in asked.contestants]
    assert contestants[:6] == ["numpy", "numpy xla", "numpy graph", "torch", "torch xla", "torch graph"]
    assert contestants[6:] == ["tf graph", "tf xla"]


@pytest.mark.parametrize("step", ["judge", "prepared"])
def test_what_fails_before_the_clock_is_a_row_with_its_reason(entry, monkeypatch, step):
    def broken(*args, **kwargs):
        raise MemoryError("no room")

    def asked_for_a_turn():
        if not asked.refusal(entry):
            asked.turn(entry).__enter__()

    asked = contest()
    monkeypatch.setattr(f"benchmarks.contest.{step}", broken)
    with pytest.raises(MemoryError):
        asked_for_a_turn()
    assert asked.refusal(entry) == "MemoryError: no room"


def test_a_loop_that_fails_under_the_clock_loses_the_turns_that_it_had(entry):
    asked = contest()
    assert asked.refusal(entry) == ""
    with asked.turn(entry):
        asked.add(entry, [1.0], None)
    with pytest.raises(SystemExit), asked.turn(entry):
        raise SystemExit(3)
    asked.close()
    row = asked._rows[str(entry)]
    assert (row["refused"], row["failed"]) == ("SystemExit: 3", True)
    assert "seconds" not in row


def test_a_contestant_that_was_lost_is_not_tried_again_on_that_task():
    asked = contest(tasks="mlp,sgd_step", frameworks="numpy,torch", lost='[["mlp", "torch", "exit code -9"]]')
    assert {str(entry) for entry, _ in asked.turns() if str(entry) in asked._rows} == {
        f"mlp {loop} torch" for loop in ("forward", "backward", "step")
    }
    assert asked.refusal(Entry(load("mlp"), "step", Contestant(framework="torch"))) == "exit code -9"


def test_each_turn_is_under_its_own_policy(monkeypatch):
    """The contestants of a loop are open at once: the device of the one that was opened last must not hold for all."""
    asked, devices = contest(), ["cpu"]

    @contextlib.contextmanager
    def policy(device, dtype):
        devices.append(device)
        yield
        devices.pop()

    monkeypatch.setattr("parity.timing.contest.available", lambda *where: SimpleNamespace(policy=policy))
    monkeypatch.setattr(asked, "_warm", lambda entry: None)
    with asked.turn(Entry(load("mlp"), "step", Contestant(framework="tf", device="cuda"))):
        assert devices == ["cpu", "cuda"]
    assert devices == ["cpu"]


FAULTS = """
import contextlib, dataclasses, os, signal, time
import parity.timing.contest as contest
judge, prepared = contest.judge, contest.prepared

def faulty_judge(task, *args, **how):
    if task.name == "mlp":
        raise ValueError("no verdict")
    return judge(task, *args, **how)

@contextlib.contextmanager
def faulty(task, loop, contestant, **how):
    if (task.name, loop) == ("losses", task.loops[-1]):
        os.kill(os.getpid(), signal.SIGKILL)
    if task.name == "dead_relu":
        time.sleep(600)
    with prepared(task, loop, contestant, **how) as ready:
        yield dataclasses.replace(ready, call=lambda: 1 / 0) if task.name == "lstm" else ready

contest.judge, contest.prepared = faulty_judge, faulty
"""


@pytest.fixture
def faults(tmp_path, monkeypatch):
    """Options for a comparison in which one task's judge, another's loop and another's process fail."""
    (tmp_path / "faults.py").write_text(FAULTS)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return ["-p", "faults", "--frameworks", "numpy", "--devices", "cpu", "--size", "tiny"]


def test_what_fails_costs_nobody_else_a_time(faults):
    """One raises as it is judged, one under the clock, one takes its process with it: rows; the others have times."""
    found = times.measure(["sgd_step", "mlp", "losses", "lstm", "linear_chain"], faults)
    reasons = found.groupby("task", sort=False)["refused"].unique().map(list).to_dict()
    last = load("losses").loops[-1]
    assert reasons == {
        "sgd_step": [""],
        "mlp": ["ValueError: no verdict"],
        "losses": [f"its process ended with exit code -9 ({signal.strsignal(9)}), at {last}"],
        "lstm": ["ZeroDivisionError: division by zero"],
        "linear_chain": [""],
    }
    assert list(found["failed"]) == list(found["refused"] != "")
    assert list(found["median_seconds"] > 0) == list(found["refused"] == "")


def test_what_hangs_costs_nobody_else_a_time(faults):
    found = times.measure(["dead_relu", "sgd_step"], faults, timeout=10)
    hung = found["task"] == "dead_relu"
    assert set(found["refused"][hung]) == {f"it took longer than 10 s, at {load('dead_relu').loops[0]}"}
    assert found["failed"][hung].all()
    assert set(found["refused"][~hung]) == {""}


def test_a_comparison_that_cannot_begin_says_what_it_said():
    with pytest.raises(UsageError, match=r"(?s)could not be made: its process ended with exit code 4\n.*nothing\.json"):
        times.measure(["mlp"], ["--frameworks", "numpy", "--verdicts", "nothing.json"])
    with pytest.raises(UsageError, match="none of these tasks has a loop"):
        times.measure([], [])


def test_where_nobody_has_a_time_there_are_the_reasons(tmp_path):
    if "cuda" in impl_numpy.devices():
        pytest.skip("NumPy has a GPU here")
    command = [sys.executable, "-m", "parity", "time", "mlp", "--framework", "numpy", "--device", "cuda"]
    done = subprocess.run([*command, "--output", str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "numpy sees no cuda device here" in " ".join(done.stdout.replace("│", " ").split())
    assert pd.read_parquet(tmp_path / "times.parquet")["median_seconds"].isna().all()


def test_an_import_is_that_of_the_implementation(tmp_path, monkeypatch):
    """`import tensorflow` alone does not load Keras."""
    (tmp_path / "impl_slow.py").write_text("import time; time.sleep(0.25)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setitem(PACKAGES, "numpy", "impl_slow")
    assert times.import_seconds("numpy") >= 0.25


def test_the_interval_of_the_turns_covers_the_median():
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(1000):
        low, _, high = times.of_turns(rng.exponential(size=times.TURNS))
        covered += low <= np.log(2) <= high
    assert 0.955 < covered / 1000 < 0.985  # 31/32


def test_a_ratio_is_of_the_same_turn():
    """What slows the machine for a turn slows both, and is not in their ratio."""
    faster = [[speed, 1.1 * speed, 0.9 * speed] for speed in (1.0, 1.0, 1.5, 4.0, 1.0, 2.0)]
    low, value, high = times.ratio([[2 * turn[0], 3 * turn[0], 2 * turn[0]] for turn in faster], faster)
    assert (low, value, high) == (2, 2, 2)
    assert times.ratio([[2.0], [3.0], [4.0]], [[1.0], [1.0], [1.0]]) == (2, 3, 4)


def test_a_timed_loop_stays_finite():
    """Thousands of calls with the timing configuration leave the weights where they were."""
    with prepared("digits_training", "epoch", NUMPY, size="tiny") as loop:
        for _ in range(1000):
            outputs = loop.call()
    assert all(np.isfinite(a).all() for a in outputs.values())


def test_a_loop_by_hand_computes_what_the_task_does(framework):
    """The loops that the harness is measured against do the same work on the same model."""
    for (task, loop), by_hand in BARE.items():
        with prepared(task, loop, Contestant(framework=framework, mode=USUAL[framework]), size="tiny") as ready:
            found, named = by_hand[framework](ready.model, ready.batch)(), ready.call()
            first = found[0] if isinstance(found, list | tuple) else found
            tensors = {"by hand": first, "harness": named.get("loss", named.get("grad.x"))}
            arrays = available(framework, "cpu", "eager").get(tensors, {})
            np.testing.assert_array_equal(arrays["by hand"], arrays["harness"])


def test_the_table_has_the_contestants_that_ran_and_says_why_others_did_not():
    def row(loop, contestant, seconds, refused="", failed=False):
        where = {"task": "lstm", "topic": "9 CNN, RNN", "loop": loop, "contestant": contestant}
        before = {"import_seconds": 1.0, "build_seconds": 1.0, "first_seconds": 1.0}
        middle = np.nan if refused else seconds
        turns = [[seconds]] * times.TURNS
        return {**where, **before, "seconds": turns, "median_seconds": middle, "refused": refused, "failed": failed}

    rows = [row("forward", "numpy", 1e-3), row("forward", "tf", 2e-3), row("step", "numpy", 1e-3)]
    rows += [row("step", "tf", 0, "its outputs: differs"), row("step", "numpy graph", 0, "no mode 'graph'", True)]
    console = Console(width=80, record=True, file=io.StringIO())
    times_report.report(console, pd.DataFrame(rows))
    said = console.export_text()
    assert "least and greatest of 6 turns, a 96.9 % interval" in " ".join(said.split())
    assert "x2.00 2.00-2.00" in said
    assert said.count("n/a") == 1  # in a row that others have a time for
    assert "topic 9" in said
    reasons = [" ".join(line.replace("│", " ").split()) for line in said.splitlines()]
    assert "tf lstm step its outputs: differs" in reasons
    assert "numpy graph lstm step no mode 'graph'" in reasons
    assert said.count("numpy graph") == 1  # no column for what cannot run anywhere
