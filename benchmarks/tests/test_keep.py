"""asv's results: several runs and machines are merged, and the dashboard shows all of them."""

import json
import shutil
import subprocess
import sys

import pytest

from benchmarks.history.keep import check_source, forget_unfinished, merge
from benchmarks.history.publish import measured_only, publish
from benchmarks.history.suite import version
from benchmarks.revisions import ROOT, commit_of
from benchmarks.tests.doubles import result_file
from parity import load
from parity.task import UsageError


def test_results_of_two_machines_are_merged_into_one_folder(tmp_path):
    here, there = tmp_path / "here", tmp_path / "there"
    result_file(here, "laptop", "abc", 1, [1.0])
    result_file(there, "server", "abc", 1, [2.0])
    result_file(there, "laptop", "abc", 2, [3.0])  # measured again, later
    merge(there, here)
    assert sorted(path.name for path in here.iterdir()) == ["laptop", "server"]
    laptop = json.loads((here / "laptop" / "abc-env.json").read_text())
    assert laptop["results"]["numpy_loops.MlpCpu.time_loop"][0] == [3.0]
    result_file(there, "laptop", "abc", 0, [4.0])  # older than the existing result
    merge(there, here)
    laptop = json.loads((here / "laptop" / "abc-env.json").read_text())
    assert laptop["results"]["numpy_loops.MlpCpu.time_loop"][0] == [3.0]
    assert not list(here.rglob(".*"))


def test_runs_of_other_parameters_of_one_benchmark_keep_each_others_results(tmp_path):
    """asv writes NaN for a parameter that was not requested; another run's value of it is kept."""
    nan = float("nan")
    here = result_file(tmp_path / "here", "laptop", "abc", 1, [1.0, nan])
    result_file(tmp_path / "there", "laptop", "abc", 2, [nan, 2.0])
    merge(tmp_path / "there", tmp_path / "here")
    row = json.loads(here.read_text())["results"]["numpy_loops.MlpCpu.time_loop"]
    params = [["'step'"], ["'tiny'", "'base'"], ["'eager'"]]
    assert row == [[1.0, 2.0], params, version(load("mlp")), 2, None, [1.0, 2.0]]
    again = result_file(tmp_path / "there", "laptop", "abc", 3, [nan, None])  # a later failure is a result too
    merge(tmp_path / "there", tmp_path / "here")
    row = json.loads(here.read_text())["results"]["numpy_loops.MlpCpu.time_loop"]
    assert row[0] == [1.0, None]
    changed = json.loads(again.read_text())
    changed["results"]["numpy_loops.MlpCpu.time_loop"][2] = "w"  # another version of the benchmark: a new series
    again.write_text(json.dumps(changed))
    merge(tmp_path / "there", tmp_path / "here")
    row = json.loads(here.read_text())["results"]["numpy_loops.MlpCpu.time_loop"]
    assert row[0][0] != row[0][0]


def test_two_merges_at_once_lose_nothing(tmp_path):
    """Each of four processes merges its own results into one folder, again and again."""
    code = """
import sys
from pathlib import Path
from benchmarks.history.keep import locked, merge
target = Path(sys.argv[2])
for source in sorted(Path(sys.argv[1]).iterdir()):
    with locked(target):
        merge(source, target)
"""
    runs = []
    for process in range(4):
        for step in range(10):
            path = result_file(tmp_path / f"from{process}" / str(step), "laptop", "abc", 1, [1.0])
            found = json.loads(path.read_text())
            found["results"] = {f"numpy_loops.Task{process}.step{step}": [[1.0], [], "v", 1]}
            path.write_text(json.dumps(found))
        command = [sys.executable, "-c", code, str(tmp_path / f"from{process}"), str(tmp_path / "results")]
        runs.append(subprocess.Popen(command, cwd=ROOT))
    assert [run.wait() for run in runs] == [0] * 4
    kept = json.loads((tmp_path / "results" / "laptop" / "abc-env.json").read_text())
    assert len(kept["results"]) == 40


def test_the_dashboard_shows_the_benchmarks_with_a_result_on_some_machine(tmp_path):
    """A machine without a GPU keeps the history of a machine with one; benchmarks without a result are left out."""
    current, name = version(load("mlp")), "numpy_loops.MlpCuda.time_loop"
    stale = {"params": [["'tiny'"]], "version": "of an older specification"}  # of a commit that came last
    (tmp_path / "gpu").mkdir()
    result = [[None, 1.5], [["'step'"], ["'tiny'", "'base'"], ["'eager'"]], current]
    (tmp_path / "gpu" / "abc-env.json").write_text(json.dumps({"results": {name: result}}))
    listed = {name: stale, "numpy_loops.LstmCpu.time_loop": stale, "version": 2}
    params = [["'step'"], ["'base'"], ["'eager'"]]
    assert measured_only(listed, tmp_path) == {name: {"params": params, "version": current}, "version": 2}
    result[2] = "of another specification"
    (tmp_path / "gpu" / "abc-env.json").write_text(json.dumps({"results": {name: result}}))
    assert measured_only(listed, tmp_path) == {"version": 2}


def test_a_benchmark_that_failed_altogether_does_not_hide_the_others(tmp_path):
    listed = {"numpy_loops.MlpCpu.time_loop": {}, "numpy_loops.LstmCpu.time_loop": {}}
    path = result_file(tmp_path, "laptop", "abc", 1, [1.0])
    found = json.loads(path.read_text())
    params = [["'step'"], ["'tiny'", "'base'"], ["'eager'"]]
    found["results"]["numpy_loops.LstmCpu.time_loop"] = [None, params, version(load("lstm"))]
    path.write_text(json.dumps(found))
    assert list(measured_only(listed, tmp_path)) == ["numpy_loops.MlpCpu.time_loop"]


def test_a_benchmark_without_a_requested_result_is_dropped_and_restored(tmp_path):
    """asv would skip a benchmark that has a result of another size."""
    nan = float("nan")
    for commit in ("abc", "def"):
        result_file(tmp_path / "all", "laptop", commit, 1, [1.0, nan])
    shutil.copytree(tmp_path / "all", tmp_path / "mine")

    def benchmarks(commit):
        (path,) = (tmp_path / "mine").glob(f"laptop/{commit}*.json")
        return list(json.loads(path.read_text())["results"])

    forget_unfinished(tmp_path / "mine", "abc", [r"MlpCpu\.time_loop\('step', 'tiny',"])
    assert benchmarks("abc") == ["numpy_loops.MlpCpu.time_loop"]  # the requested result exists
    forget_unfinished(tmp_path / "mine", "abc", [r"MlpCpu\.time_loop\('step', 'base',"])
    assert benchmarks("abc") == []
    assert benchmarks("def") == ["numpy_loops.MlpCpu.time_loop"]
    merge(tmp_path / "mine", tmp_path / "all")
    (path,) = (tmp_path / "all").glob("laptop/abc*.json")
    assert json.loads(path.read_text())["results"]["numpy_loops.MlpCpu.time_loop"][0][0] == 1.0


def test_one_dashboard_has_the_graphs_of_all_machines(tmp_path):
    """A CPU and a GPU machine, each with what it can measure, in asv's own pages."""
    commit = commit_of("HEAD")
    listed = {"version": 2}
    for machine, name in (("laptop", "torch_loops.MlpCpu.time_loop"), ("gpu-box", "torch_loops.MlpCuda.time_loop")):
        path = result_file(tmp_path / "results", machine, commit, 1, [1.0], benchmark=name)
        found = json.loads(path.read_text())
        about = {"date": 1_700_000_000_000, "env_name": "env", "params": {"machine": machine}, "python": "3.11"}
        about |= {"requirements": {}, "env_vars": {}, "durations": {}, "version": 2}
        path.write_text(json.dumps(found | about))
        listed[name] = {
            "name": name, "code": "", "type": "time", "unit": "seconds", "version": version(load("mlp")),
            "param_names": ["loop", "size", "mode"], "params": [], "pretty_name": name,
        }  # fmt: skip
    (tmp_path / "results" / "benchmarks.json").write_text(json.dumps(listed))
    page = publish(tmp_path)
    assert page.exists()
    shown = json.loads((page.parent / "index.json").read_text())
    assert shown["params"]["machine"] == ["gpu-box", "laptop"]
    assert set(shown["benchmarks"]) == {"torch_loops.MlpCpu.time_loop", "torch_loops.MlpCuda.time_loop"}
    for machine, name in (("laptop", "MlpCpu"), ("gpu-box", "MlpCuda")):
        (graph,) = page.parent.glob(f"graphs/**/machine-{machine}/**/torch_loops.{name}.time_loop.json")
        assert json.loads(graph.read_text())[0][1] == [1.0]


def test_two_machines_with_the_same_name_are_not_merged(tmp_path):
    for folder, cpu in (("here", "one"), ("there", "another")):
        path = result_file(tmp_path / folder, "vm", "abc", 1, [1.0])
        (path.parent / "machine.json").write_text(json.dumps({"machine": "vm", "cpu": cpu, "version": 1}))
    with pytest.raises(UsageError, match=r"two machines are called vm.*asv-machine"):
        check_source(tmp_path / "there", tmp_path / "here")
    check_source(tmp_path / "here", tmp_path / "here")
    (tmp_path / "here" / "vm" / "abc-env.json").write_text("{half a fi")
    with pytest.raises(UsageError, match=r"abc-env.json is not a file of asv's"):
        check_source(tmp_path / "here", tmp_path / "elsewhere")


def test_a_dashboard_without_results_says_what_to_run(tmp_path):
    with pytest.raises(UsageError, match="asv has measured nothing yet: tox run -e bench"):
        publish(tmp_path)
