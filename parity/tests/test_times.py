"""Times side by side: gated on the verdict, in turns, with their interval, written whole."""

import io
import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

import impl_numpy
from benchmarks.bare import BARE
from benchmarks.contest import Contest, Entry
from benchmarks.revisions import ROOT
from parity import load, times
from parity.framework import available
from parity.noise import LIMIT
from parity.task import UsageError
from parity.timing import USUAL, Contestant, prepared

NUMPY = Contestant(framework="numpy")


def contest(**options):
    given = {"tasks": "mlp", "frameworks": "numpy", "devices": "", "modes": "", "size": "tiny", "verdicts": ""}
    return Contest.of({**given, **options}.get)


@pytest.fixture
def entry():
    return Entry(load("mlp"), "step", NUMPY)


def test_a_loop_that_agrees_has_a_time(entry):
    assert contest().refusal(entry) is None


def test_a_loop_that_computes_something_else_has_none(entry):
    asked = contest()
    asked.verdicts["mlp", "numpy", "cpu", "float32", "eager", "tiny", "step"] = ["agrees", "differs"]
    assert asked.refusal(entry) == "its outputs: differs"


def test_what_cannot_run_here_has_none_and_says_why():
    graph = Entry(load("mlp"), "step", Contestant(framework="numpy", mode="graph"))
    assert "numpy has no mode 'graph'" in contest().refusal(graph)


def test_verdicts_are_read_from_a_run(entry, tmp_path):
    row = {"task": "mlp", "framework": "numpy", "device": "cpu", "dtype": "float32", "mode": "eager", "size": "tiny"}
    rows = [{**row, "output": "step/loss", "verdict": "error", "units": None}]
    path = tmp_path / "rows.json"

    def written_with(versions):
        path.write_text(json.dumps({"environment": {"frameworks": {"numpy": {"versions": versions}}}, "rows": rows}))
        return contest(verdicts=str(path))

    assert written_with(impl_numpy.versions()).refusal(entry) == "its outputs: error"
    assert written_with({"numpy": "1.0"}).refusal(entry) is None  # another version's verdict: judged again
    path.write_text("half a fi")
    with pytest.raises(UsageError, match="is no file of verdicts"):
        contest(verdicts=str(path))


def test_time_prints_a_table_and_writes_parquet_and_csv(tmp_path):
    command = [sys.executable, "-m", "parity", "time", "mlp", "--framework", "numpy", "--size", "tiny"]
    done = subprocess.run([*command, "--output", str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "geo. mean" in done.stdout
    rows = pd.read_parquet(tmp_path / "times.parquet")
    assert list(rows["loop"]) == ["forward", "backward", "step"]
    assert (rows["median_seconds"] > 0).all()
    assert ((rows["units"] > 0) & (rows["units"] < LIMIT)).all()
    assert (rows["low_seconds"] <= rows["median_seconds"]).all()
    assert (rows["median_seconds"] <= rows["high_seconds"]).all()
    card = {"numpy", "dtype", "size", "device", "threads", "layout", "tf32", "onednn", "examples_per_second"}
    assert card | {"import_seconds", "build_seconds", "first_seconds"} <= set(rows.columns)
    assert list(pd.read_csv(tmp_path / "times.csv")["loop"]) == list(rows["loop"])


def test_time_refuses_an_unwritable_folder(tmp_path):
    command = [sys.executable, "-m", "parity", "time", "mlp", "--output", str(tmp_path / "nowhere")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "cannot be written" in done.stderr


def test_contestants_take_turns():
    groups = contest(frameworks="numpy,torch").groups()
    assert [[str(entry) for entry in group] for group in groups] == [
        [f"mlp {loop} numpy", f"mlp {loop} torch"] for loop in ("forward", "backward", "step")
    ]


def test_a_loop_that_fails_is_a_row_with_its_reason(entry, monkeypatch):
    def broken(*args, **kwargs):
        raise MemoryError("no room")

    asked = contest()
    monkeypatch.setattr("benchmarks.contest.prepared", broken)
    with pytest.raises(MemoryError):
        asked.ready(entry)
    assert asked.refusal(entry) == "MemoryError: no room"
    assert [row["failed"] for row in asked.refused()] == [True]


def test_the_interval_of_a_median_covers_it():
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(400):
        low, _, high = times.median_of(rng.exponential(size=15))
        covered += low <= np.log(2) <= high
    assert 0.93 < covered / 400 <= 1


def test_a_ratio_comes_with_its_interval():
    rng = np.random.default_rng(0)
    value, low, high = times.ratio(rng.normal(2, 0.1, 200), rng.normal(1, 0.05, 200))
    assert low < value < high
    assert low < 2 < high


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
    def row(loop, contestant, seconds, refused=""):
        where = {"task": "lstm", "topic": "9 CNN, RNN", "loop": loop, "contestant": contestant}
        before = {"import_seconds": 1.0, "build_seconds": 1.0, "first_seconds": 1.0}
        middle = float(np.median(seconds)) if seconds else np.nan
        return {**where, **before, "seconds": seconds, "median_seconds": middle, "refused": refused}

    rows = [row("forward", "numpy", [1e-3] * 9), row("forward", "tf", [2e-3] * 9), row("step", "numpy", [1e-3] * 9)]
    rows += [row("step", "tf", [], "its outputs: differs"), row("step", "numpy graph", [], "numpy has no mode 'graph'")]
    console = Console(width=80, record=True, file=io.StringIO())
    times.report(console, pd.DataFrame(rows))
    said = console.export_text()
    assert "x2.00 2.00-2.00" in said
    assert said.count("n/a") == 1  # in a row that others have a time for
    assert "no time, 1 loops: its outputs: differs" in said
    assert "no time, 1 loops: numpy has no mode 'graph'" in said
    assert "numpy graph" not in said  # no column for what cannot run anywhere
    assert "topic 9" in said
