"""Times: gated on the verdict, written whole; the statistics of the paired driver; histories of several machines."""

import json
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from benchmarks.ab import Loop, Side, loops_of, rounds, worktree
from benchmarks.contest import Contest, Entry
from benchmarks.history import ROOT, merge, selection
from benchmarks.paired import FLOOR, compare
from benchmarks.suite import suites
from parity import load, times
from parity.task import UsageError, names
from parity.timing import Contestant, prepared

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
    path = tmp_path / "rows.json"
    path.write_text(json.dumps({"rows": [{**row, "output": "step/loss", "verdict": "error"}]}))
    assert contest(verdicts=str(path)).refusal(entry) == "its outputs: error"
    path.write_text("half a fi")
    with pytest.raises(UsageError, match="is no file of verdicts"):
        contest(verdicts=str(path))


def test_time_prints_a_table_and_writes_parquet_and_csv(tmp_path):
    command = [sys.executable, "-m", "parity", "time", "mlp", "--framework", "numpy", "--size", "tiny"]
    done = subprocess.run([*command, "--output", str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "geometric" in done.stdout
    rows = pd.read_parquet(tmp_path / "times.parquet")
    assert list(rows["loop"]) == ["forward", "backward", "step"]
    assert (rows["median_seconds"] > 0).all()
    assert {"numpy", "dtype", "size", "device", "build_seconds", "first_seconds"} <= set(rows.columns)
    assert list(pd.read_csv(tmp_path / "times.csv")["loop"]) == list(rows["loop"])


def test_time_refuses_an_unwritable_folder(tmp_path):
    command = [sys.executable, "-m", "parity", "time", "mlp", "--output", str(tmp_path / "nowhere")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "cannot be written" in done.stderr


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


def test_the_usual_selection_takes_one_quick_benchmark_of_each_task(framework):
    """asv matches expressions against `module.Class.function('loop', 'size', 'mode')`."""
    for name in names():
        task = load(name)
        if not task.loops:
            continue
        chosen = re.compile(selection(task, framework, quick=True))
        found = [n for n in benchmark_names(framework) if chosen.search(n)]
        assert len(found) == 1, name
        full = re.compile(selection(task, framework, quick=False))
        kinds = [n.split(".")[2].partition("(")[0] for n in benchmark_names(framework) if full.search(n)]
        assert kinds.count("time_loop") == len(task.loops)
        assert sorted(set(kinds)) == sorted(
            ["peakmem_loop", "time_loop", "track_first_call", "track_noise_units", "track_throughput"]
        )


def benchmark_names(framework):
    for suite, cls in suites(framework).items():
        for function in (f for f in vars(cls) if f.startswith(("time_", "peakmem_", "track_"))):
            for loop in cls.params[0]:
                for size in cls.params[1]:
                    for mode in cls.params[2]:
                        yield f"{framework}_loops.{suite}.{function}('{loop}', '{size}', '{mode}')"


def result_file(folder, machine, commit, started, value):
    path = folder / machine / f"{commit}-env.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = ["result", "params", "version", "started_at"]
    results = {"numpy_loops.MlpCpu.time_loop": [[value], [], "v", started]}
    path.write_text(json.dumps({"commit_hash": commit, "result_columns": columns, "results": results}))
    (path.parent / "machine.json").write_text(json.dumps({"machine": machine, "version": 1}))
    return path


def test_results_of_two_machines_gather_in_one_place(tmp_path):
    here, there = tmp_path / "here", tmp_path / "there"
    result_file(here, "laptop", "abc", 1, 1.0)
    result_file(there, "server", "abc", 1, 2.0)
    result_file(there, "laptop", "abc", 2, 3.0)  # measured again, later
    merge(there, here)
    assert sorted(path.name for path in here.iterdir()) == ["laptop", "server"]
    laptop = json.loads((here / "laptop" / "abc-env.json").read_text())
    assert laptop["results"]["numpy_loops.MlpCpu.time_loop"][0] == [3.0]
    result_file(there, "laptop", "abc", 0, 4.0)  # older than what is there
    merge(there, here)
    laptop = json.loads((here / "laptop" / "abc-env.json").read_text())
    assert laptop["results"]["numpy_loops.MlpCpu.time_loop"][0] == [3.0]
    assert not list(here.rglob(".*"))


@pytest.mark.parametrize("noise", [0.005, 0.02])
def test_no_alarm_where_nothing_changed(noise):
    """Rounds as a shared machine gives them: a heavy tail, and a bias of each process pair."""
    rng = np.random.default_rng(1)
    for _ in range(60):
        ratios = noise * rng.standard_t(3, (3, 10)) + 0.005 * rng.normal(size=(3, 1))
        assert not compare(ratios, loops=100).slower


def test_a_slowdown_of_ten_percent_is_found():
    rng = np.random.default_rng(2)
    found = [compare(np.log(1.1) + 0.01 * rng.standard_t(3, (3, 10)), loops=100).slower for _ in range(100)]
    assert np.mean(found) > 0.95


def test_a_change_below_the_floor_is_none_however_sure():
    comparison = compare(np.full((3, 10), np.log(1 + FLOOR / 2)), loops=1)
    assert not comparison.slower
    assert comparison.low > 0


def test_a_planted_slowdown_shows_in_the_driver():
    loop = Loop("mlp", "step", "numpy")
    a, b = Side(ROOT), Side(ROOT)
    try:
        ratios = rounds(a, b, loop, "base", slowdown=1.0, count=5)
    finally:
        a.close()
        b.close()
    assert np.median(ratios) > 0.3  # log 2 is 0.69


def test_the_driver_lists_the_loops_of_a_revision():
    assert Loop("mlp", "step", "numpy") in loops_of(ROOT, ["numpy"])


def test_a_revision_that_cannot_be_imported_is_named(tmp_path):
    (tmp_path / "parity").mkdir()
    (tmp_path / "parity" / "__init__.py").write_text("raise RuntimeError('this revision is broken')")
    with pytest.raises(UsageError, match="cannot be measured: RuntimeError: this revision is broken"):
        loops_of(tmp_path, ["numpy"])


def test_an_unknown_revision_is_refused():
    with pytest.raises(UsageError, match="there is no revision 'nowhere'"), worktree("nowhere"):
        pass
