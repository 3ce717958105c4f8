"""The asv suite over the history: the choice of benchmarks, failures, and killed runs."""

import contextlib
import itertools
import json
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from benchmarks import revisions
from benchmarks.history import run as history
from benchmarks.history.asv import AsvRun, asv, this_machine
from benchmarks.history.run import failures
from benchmarks.revisions import ROOT, commits_of, worktree
from benchmarks.tests.doubles import result_file
from parity.task import UsageError

SOMEBODY = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.org")


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    """asv keeps a file about this machine in the home folder."""
    monkeypatch.setenv("HOME", str(tmp_path))


def test_asv_accepts_the_suite():
    command = [sys.executable, "-m", "asv", "check", "--environment", "here"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("asked", "takes", "leaves"),
    [
        ("Perceptron", "numpy_loops.PerceptronCpu.time_loop('epoch', 'base', 'eager')", "numpy_loops.MlpCpu.time_loop"),
        ("numpy_loops", "numpy_loops.MlpCpu.time_loop('step', 'base', 'eager')", "torch_loops.MlpCpu.time_loop"),
        (
            r"^numpy_loops\.MlpCpu",
            "numpy_loops.MlpCpu.time_loop('step', 'base', 'eager')",
            "numpy_loops.LstmCpu.time_loop",
        ),
    ],
)
def test_an_expression_is_limited_to_one_framework(monkeypatch, asked, takes, leaves):
    monkeypatch.setattr(history, "devices_of", lambda framework: ["cpu"])
    expression = re.compile(history.narrowed(asked, "numpy"))
    assert expression.search(takes)
    assert not expression.search(leaves)
    assert not expression.search(takes.replace("Cpu", "Cuda"))  # left out, since its process would only fail
    assert history.narrowed("tf_loops.Mlp", "numpy") == ""
    monkeypatch.setattr(history, "devices_of", lambda framework: ["cpu", "cuda"])
    if "Cpu" not in asked:
        assert re.search(history.narrowed(asked, "numpy"), takes.replace("Cpu", "Cuda"))


def test_a_failed_benchmark_is_a_row_with_its_reason(tmp_path):
    """asv reports a failed benchmark once, after the output of all parameters; the results say which ones failed."""
    output = """[ 75.00%] ··· numpy_loops.MlpCpu.time_loop     2/3 failed
[ 75.00%] ···· For parameters: 'step', 'tiny', 'eager'
               Traceback (most recent call last):
               ValueError: no such thing

               For parameters: 'step', 'base', 'eager'
               a word on stderr, from one that did not fail
               asv: benchmark failed (exit status 1)

[100.00%] ··· numpy_loops.LstmCpu.time_loop     failed
[100.00%] ···· For parameters: 'step', 'tiny', 'eager'
               asv: benchmark timed out (timeout 300.0s)
"""
    path = result_file(tmp_path, "laptop", "abc", 1, [None, 1.0])
    found = json.loads(path.read_text())
    found["results"]["numpy_loops.LstmCpu.time_loop"] = [None, [["'step'"], ["'tiny'", "'base'"], ["'eager'"]], "v"]
    path.write_text(json.dumps(found))
    result_file(tmp_path, "laptop", "def", 1, [None, None])  # another commit
    rows = failures(tmp_path, "abc", ["MlpCpu", r"LstmCpu.*'tiny'", r"LstmCpu.*'base'"], output)
    assert [(row["benchmark"], row["parameters"], row["reason"]) for row in rows] == [
        ("numpy_loops.MlpCpu.time_loop", "'step', 'tiny', 'eager'", "ValueError: no such thing"),
        ("numpy_loops.LstmCpu.time_loop", "'step', 'tiny', 'eager'", "asv: benchmark timed out (timeout 300.0s)"),
        ("numpy_loops.LstmCpu.time_loop", "'step', 'base', 'eager'", "it ended without a message"),
    ]
    assert not list(failures(tmp_path, "abc", [r"MlpCpu.*'base'"], output))  # not requested


def test_a_failure_is_kept_until_it_is_measured_again(monkeypatch, tmp_path, capsys):
    def row(benchmark, parameters="'tiny'"):
        where = {"commit": "abc", "environment": "env", "benchmark": benchmark, "parameters": parameters}
        return {**where, "reason": "ValueError: no such thing"}

    def kept():
        return list(pd.read_csv(tmp_path / "failed.csv")["benchmark"])

    monkeypatch.setattr(history, "ASV_DIR", tmp_path)
    mlp, torch = row("numpy_loops.MlpCpu.time_loop"), row("torch_loops", "")
    history.report_failures([mlp], [("abc", "numpy", ["numpy_loops.Mlp"])])
    history.report_failures([torch], [("abc", "torch", ["torch_loops.Mlp"])])  # its suite could not be run
    history.report_failures([], [("abc", "numpy", ["numpy_loops.Lstm"]), ("def", "numpy", ["numpy_loops.Mlp"])])
    assert kept() == [mlp["benchmark"], torch["benchmark"]]
    history.report_failures([], [("abc", "numpy", ["numpy_loops.Mlp"])])
    assert kept() == [torch["benchmark"]]
    history.report_failures([], [("abc", "torch", ["torch_loops.Mlp"])])
    assert kept() == []
    assert "no such thing" in capsys.readouterr().out


def test_a_killed_run_keeps_the_parts_that_are_finished(monkeypatch, tmp_path):
    monkeypatch.setattr(history, "ASV_DIR", tmp_path)
    tree, begun = tmp_path / "tree", []

    def asv(config, *args):
        if len(begun) == 2:
            raise KeyboardInterrupt
        begun.append(args)
        path = result_file(Path(json.loads(config.read_text())["results_dir"]), "laptop", "abc", 1, [1.0])
        found = json.loads(path.read_text())
        found["results"] = {f"numpy_loops.Task{len(begun)}.time_loop": [[1.0], [], "v", 1]}
        path.write_text(json.dumps(found))
        return AsvRun(0, "")

    def run():
        for framework, chosen in history.parts((), quick=False):
            history.run_benchmarks(tree, "abc", framework, chosen, tmp_path / "results", quick=False, versions=False)

    monkeypatch.setattr(history, "asv", asv)
    with pytest.raises(KeyboardInterrupt):
        run()
    kept = json.loads((tmp_path / "results" / "laptop" / "abc-env.json").read_text())
    assert list(kept["results"]) == ["numpy_loops.Task1.time_loop", "numpy_loops.Task2.time_loop"]
    assert all("--skip-existing-successful" in args for args in begun)  # so that the next run continues


@pytest.mark.parametrize(
    ("devices", "asked", "spawned"),
    [
        (["cpu", "cuda"], "Mlp", True),
        (["cpu", "cuda"], "MlpCpu", False),
        (["cpu", "cuda"], "", False),  # the usual run is on the CPU
        (["cpu"], "Mlp", False),
    ],
)
def test_gpu_benchmarks_spawn_their_processes(monkeypatch, tmp_path, devices, asked, spawned):
    """CUDA does not survive a fork; CPU benchmarks are forked, which is a third faster."""
    commands = []
    monkeypatch.setattr(history, "ASV_DIR", tmp_path)
    monkeypatch.setattr(history, "devices_of", lambda framework: devices)
    monkeypatch.setattr(history, "asv", lambda config, *args: (commands.append(args), AsvRun(0, ""))[1])
    framework, patterns = next(history.parts([asked] if asked else [], quick=True))
    history.run_benchmarks(tmp_path, "abc", framework, patterns, tmp_path / "results", quick=True, versions=False)
    assert ["spawn" in command for command in commands] == [spawned]


def test_finished_results_are_not_measured_again_and_missing_ones_are(monkeypatch, tmp_path):
    """asv itself, at a commit that is not a branch's tip: it measures missing results and keeps existing ones."""
    commit = revisions.git(*SOMEBODY, "commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", "of no branch")
    monkeypatch.setattr(history, "ASV_DIR", tmp_path)
    this_machine()
    runs = []
    monkeypatch.setattr(history, "asv", lambda *args: (runs.append(asv(*args)), runs[-1])[1])
    with worktree(commit) as tree:
        for size in ("tiny", "tiny", "base"):
            patterns = [rf"^numpy_loops\.PerceptronCpu\.time_loop\('epoch', '{size}'"]
            failed = history.run_benchmarks(
                tree, commit, "numpy", patterns, tmp_path / "results", quick=True, versions=False
            )
            assert failed == []
    assert ["time_loop" in run.output for run in runs] == [True, False, True]
    (path,) = tmp_path.glob("results/*/*-numpy*.json")
    values, params = json.loads(path.read_text())["results"]["numpy_loops.PerceptronCpu.time_loop"][:2]
    measured = {size: value == value for value, (_, size, _) in zip(values, itertools.product(*params), strict=True)}
    assert measured == {"'tiny'": True, "'base'": True, "'large'": False}


def test_a_loop_whose_outputs_disagree_at_a_commit_is_not_timed_there(monkeypatch, tmp_path):
    monkeypatch.setattr(history, "ASV_DIR", tmp_path)
    this_machine()
    commit = revisions.git("rev-parse", "HEAD")
    fault = """
right = epoch


def epoch(model, batch):
    outputs = right(model, batch)
    return outputs | {"w": outputs["w"] + (outputs["w"].dtype == np.float32)}
"""
    patterns = [r"^numpy_loops\.PerceptronCpu\.(time_loop|track_throughput|peakmem_loop)\('epoch', 'tiny'"]
    with worktree(commit) as tree:
        with (tree / "impl_numpy" / "perceptron.py").open("a") as file:
            file.write(fault)
        failed = history.run_benchmarks(
            tree, commit, "numpy", patterns, tmp_path / "results", quick=True, versions=False
        )
    assert [row["benchmark"].rpartition(".")[2] for row in failed] == ["peakmem_loop", "time_loop", "track_throughput"]
    assert {row["reason"] for row in failed} == {"RuntimeError: its outputs: epoch/w: differs: not equal"}
    (path,) = tmp_path.glob("results/*/*-numpy*.json")
    found = json.loads(path.read_text())["results"]
    assert all(value is None or value != value for row in found.values() for value in row[0] or [None])


def test_a_commit_that_cannot_be_run_does_not_stop_the_others(monkeypatch, tmp_path, capsys):
    def made_up(tree, commit, framework, *args, **kwargs):
        if commit == "bad":
            raise UsageError("the suite of bad cannot be run")
        return []

    monkeypatch.setattr(history, "ASV_DIR", tmp_path)
    monkeypatch.setattr(history, "refuse_dirty_tree", lambda: None)
    monkeypatch.setattr(history, "commits_of", lambda span: ["good", "bad", "better"])
    monkeypatch.setattr(history, "worktree", contextlib.nullcontext)
    monkeypatch.setattr(history, "run_benchmarks", made_up)
    monkeypatch.setattr(history, "publish", lambda kept: tmp_path / "index.html")
    monkeypatch.setattr(sys, "argv", ["bench", "--range", "A..B", "-b", "numpy_loops"])
    with pytest.raises(SystemExit) as exit_:
        history.main()
    assert exit_.value.code == 1
    failed = pd.read_csv(tmp_path / "failed.csv")
    assert failed[["commit", "reason"]].to_numpy().tolist() == [["bad", "the suite of bad cannot be run"]]
    assert "No result" in capsys.readouterr().out


def test_a_tree_is_dirty_if_a_tracked_file_has_changed(monkeypatch, tmp_path):
    """An untracked file, such as one that tox writes, is in no commit anyway."""
    monkeypatch.setattr(revisions, "ROOT", tmp_path)
    (tmp_path / "tracked").write_text("1")
    revisions.git("init", "--quiet")
    revisions.git("add", "tracked")
    revisions.git("-c", "user.name=a", "-c", "user.email=b", "commit", "--quiet", "--message", "one")
    (tmp_path / ".venv").write_text("")
    revisions.refuse_dirty_tree()
    (tmp_path / "tracked").write_text("2")
    with pytest.raises(UsageError, match=r"(?s)dirty.*M tracked"):
        revisions.refuse_dirty_tree()


def test_bench_refuses_unknown_revisions_and_broken_expressions(monkeypatch, capsys):
    with pytest.raises(UsageError, match="no revision 'nowhere'"):
        commits_of("nowhere..HEAD")
    monkeypatch.setattr(sys, "argv", ["bench", "-b", "Mlp("])
    with pytest.raises(SystemExit):
        history.main()
    assert "'Mlp(' is not a regular expression" in capsys.readouterr().err
    with pytest.raises(UsageError, match="is not a span"):
        commits_of("HEAD")
    with pytest.raises(UsageError, match="no commit in"):
        commits_of("HEAD..HEAD")


def test_a_worktree_holds_its_commit_and_is_removed():
    commit = revisions.commit_of("HEAD")
    with worktree(commit) as tree:
        assert (tree / "parity" / "__init__.py").exists()
    assert not tree.exists()
    assert str(tree) not in revisions.git("worktree", "list")
