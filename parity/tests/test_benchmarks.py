"""Times: gated on the verdict, written whole; the statistics of the paired driver; histories of several machines."""

import contextlib
import json
import re
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

import benchmarks.sides
import impl_numpy
from benchmarks import ab, calibrate, history, revisions
from benchmarks.bare import BARE
from benchmarks.contest import Contest, Entry
from benchmarks.history import failures, measured_only, merge, selection
from benchmarks.kept import Kept
from benchmarks.paired import FLOOR, LEAST, MOST, compare
from benchmarks.revisions import ROOT, commits_of, worktree
from benchmarks.sides import Evidence, Failed, Loop, Pair, Side, Trial, loops_of, measure, pair_of, sides
from benchmarks.suite import suites
from parity import load, times
from parity.framework import available
from parity.task import UsageError, names
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
    rows = [{**row, "output": "step/loss", "verdict": "error"}]
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
    assert "geometric" in done.stdout
    rows = pd.read_parquet(tmp_path / "times.parquet")
    assert list(rows["loop"]) == ["forward", "backward", "step"]
    assert (rows["median_seconds"] > 0).all()
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


def test_two_merges_at_once_lose_nothing(tmp_path):
    """Each of four processes merges results of its own into one place, again and again."""
    code = """
import sys
import threading
from pathlib import Path
from benchmarks.history import _alone, merge
target = Path(sys.argv[2])
for source in sorted(Path(sys.argv[1]).iterdir()):
    with _alone(target):
        merge(source, target)
"""
    runs = []
    for process in range(4):
        for step in range(10):
            path = result_file(tmp_path / f"from{process}" / str(step), "laptop", "abc", 1, 1.0)
            found = json.loads(path.read_text())
            found["results"] = {f"numpy_loops.Task{process}.step{step}": [[1.0], [], "v", 1]}
            path.write_text(json.dumps(found))
        command = [sys.executable, "-c", code, str(tmp_path / f"from{process}"), str(tmp_path / "results")]
        runs.append(subprocess.Popen(command, cwd=ROOT))
    assert [run.wait() for run in runs] == [0] * 4
    kept = json.loads((tmp_path / "results" / "laptop" / "abc-env.json").read_text())
    assert len(kept["results"]) == 40


def test_a_killed_run_keeps_the_parts_that_are_finished(monkeypatch, tmp_path):
    monkeypatch.setattr(history, "KEPT", tmp_path)
    tree, begun = tmp_path / "tree", []

    def asv(config, *args, quick):
        if len(begun) == 2:
            raise KeyboardInterrupt
        begun.append(args)
        path = result_file(Path(json.loads(config.read_text())["results_dir"]), "laptop", "abc", 1, 1.0)
        found = json.loads(path.read_text())
        found["results"] = {f"numpy_loops.Task{len(begun)}.time_loop": [[1.0], [], "v", 1]}
        path.write_text(json.dumps(found))
        return history.Said(0, "")

    def run():
        for framework, chosen in history.parts((), quick=False):
            history.measure(tree, "abc", framework, chosen, tmp_path / "results", quick=False, versions=False)

    monkeypatch.setattr(history, "asv", asv)
    with pytest.raises(KeyboardInterrupt):
        run()
    kept = json.loads((tmp_path / "results" / "laptop" / "abc-env.json").read_text())
    assert list(kept["results"]) == ["numpy_loops.Task1.time_loop", "numpy_loops.Task2.time_loop"]
    assert all("--skip-existing-successful" in args for args in begun)  # so that the next run goes on


def test_the_dashboard_shows_what_some_machine_has_measured(tmp_path):
    """A machine without a GPU keeps the history of one that has it; what nobody measured is left out."""
    modes = ["'eager'"]
    of = {
        "numpy_loops.MlpCuda.time_loop": {"params": [["'step'", "'forward'"], ["'tiny'", "'base'"], modes]},
        "numpy_loops.LstmCpu.time_loop": {"params": [["'step'"], ["'tiny'"], modes]},
    }
    (tmp_path / "gpu").mkdir()
    result = [[None, 1.5], [["'step'"], ["'tiny'", "'base'"], modes], "v"]
    (tmp_path / "gpu" / "abc-env.json").write_text(json.dumps({"results": {"numpy_loops.MlpCuda.time_loop": result}}))
    shown = measured_only({**of, "version": 2}, tmp_path)
    assert shown == {"numpy_loops.MlpCuda.time_loop": {"params": [["'step'"], ["'base'"], modes]}, "version": 2}


def test_what_asv_says_of_a_failure_becomes_a_row():
    said = """[ 50.00%] ··· Running (numpy_loops.MlpCpu.time_loop--).
[ 75.00%] ··· numpy_loops.MlpCpu.time_loop     1/2 failed
[ 75.00%] ··· ========= ========
               forward   failed
                step       1.0
              ========= ========
[ 75.00%] ···· For parameters: 'forward', 'tiny', 'eager'
               Traceback (most recent call last):
               ValueError: no such thing
               asv: benchmark failed (exit status 1)

[ 80.00%] ··· tf_loops.MlpCpu.time_loop     ok
[ 80.00%] ···· For parameters: 'step', 'tiny', 'graph'
               a word on stderr, from one that did not fail

[100.00%] ··· numpy_loops.LstmCpu.time_loop     failed
[100.00%] ···· For parameters: 'forward', 'tiny', 'eager'
               asv: benchmark timed out (timeout 300.0s)
"""
    assert [(row["benchmark"], row["reason"]) for row in failures(said)] == [
        ("numpy_loops.MlpCpu.time_loop", "ValueError: no such thing"),
        ("numpy_loops.LstmCpu.time_loop", "asv: benchmark timed out (timeout 300.0s)"),
    ]


def test_asv_takes_the_suite():
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
def test_what_is_asked_of_bench_is_kept_to_a_framework(monkeypatch, asked, takes, leaves):
    monkeypatch.setattr(history, "devices_of", lambda framework: ["cpu"])
    expression = re.compile(history.narrowed(asked, "numpy"))
    assert expression.search(takes)
    assert not expression.search(leaves)
    assert not expression.search(takes.replace("Cpu", "Cuda"))  # pruned, not spawned to fail
    assert history.narrowed("tf_loops.Mlp", "numpy") == ""
    monkeypatch.setattr(history, "devices_of", lambda framework: ["cpu", "cuda"])
    if "Cpu" not in asked:
        assert re.search(history.narrowed(asked, "numpy"), takes.replace("Cpu", "Cuda"))


def test_a_commit_that_cannot_be_run_leaves_the_others(monkeypatch, tmp_path, capsys):
    def measure(tree, commit, framework, *args, **kwargs):
        if commit == "bad":
            raise UsageError("the suite of bad cannot be run")
        return []

    monkeypatch.setattr(history, "KEPT", tmp_path)
    monkeypatch.setattr(history, "refuse_dirty_tree", lambda: None)
    monkeypatch.setattr(history, "commits_of", lambda span: ["good", "bad", "better"])
    monkeypatch.setattr(history, "worktree", contextlib.nullcontext)
    monkeypatch.setattr(history, "measure", measure)
    monkeypatch.setattr(history, "publish", lambda results: tmp_path / "index.html")
    monkeypatch.setattr(sys, "argv", ["bench", "--range", "A..B", "-b", "numpy_loops"])
    with pytest.raises(SystemExit) as exit_:
        history.main()
    assert exit_.value.code == 1
    assert "cannot be run" in capsys.readouterr().out
    assert list(pd.read_csv(tmp_path / "failed.csv")["commit"]) == ["bad"]


def test_bench_refuses_a_dirty_tree_and_an_unknown_span(monkeypatch):
    monkeypatch.setattr(revisions, "git", lambda *args: " M README.md")
    with pytest.raises(UsageError, match="dirty"):
        revisions.refuse_dirty_tree()
    monkeypatch.undo()
    with pytest.raises(UsageError, match="no revision 'nowhere'"):
        commits_of("nowhere..HEAD")
    with pytest.raises(UsageError, match="no span"):
        commits_of("HEAD")
    with pytest.raises(UsageError, match="no commit in"):
        commits_of("HEAD..HEAD")


@pytest.mark.parametrize("noise", [0.01, 0.03])
def test_no_alarm_where_nothing_changed(noise):
    """Pairs as a shared machine gives them: a heavy tail, and as few as are ever judged."""
    rng = np.random.default_rng(1)
    for _ in range(200):
        assert not compare(noise * rng.standard_t(3, LEAST), loops=100).slower


def test_a_slowdown_of_five_percent_is_found():
    rng = np.random.default_rng(2)
    found = [compare(np.log(1.05) + 0.015 * rng.standard_normal(MOST), loops=100).slower for _ in range(100)]
    assert np.mean(found) > 0.98


def test_a_change_below_the_floor_is_none_however_sure():
    comparison = compare(np.full(LEAST, np.log(1 + FLOOR / 2)), loops=1)
    assert not comparison.slower
    assert comparison.decided
    assert comparison.low > 0


def test_a_few_pairs_decide_nothing():
    assert not compare(np.full(LEAST - 1, 1.0), loops=1).decided


MLP_STEP = Loop("mlp", "step", "numpy")


def test_a_planted_slowdown_shows_in_the_driver():
    with sides(ROOT, ROOT, b_first=True) as (a, b):
        pair = pair_of(a, b, MLP_STEP, "tiny", slowdown=1.0, rounds=5)
    assert 0.3 < pair.log_ratio < 1.5  # log 2 is 0.69
    assert pair.b_seconds > pair.a_seconds > 0


def planted(log_ratio, monkeypatch, failing=()):
    """The driver with pairs that are made up, after which no process is started."""
    rng = np.random.default_rng(3)

    def made_up(a, b, loop, size, *, slowdown=0.0, preparations=1):
        if loop in failing:
            raise Failed("ValueError: broken")
        change = log_ratio.get(loop, 0.0) + 0.005 * rng.standard_normal()
        return Pair(change, 1e-3, 1e-3 * float(np.exp(change)))

    @contextlib.contextmanager
    def nobody(a, b, *, b_first):
        yield SimpleNamespace(alive=True), SimpleNamespace(alive=True)

    monkeypatch.setattr(benchmarks.sides, "pair_of", made_up)
    monkeypatch.setattr(benchmarks.sides, "sides", nobody)


def test_a_trial_says_slower_faster_and_as_fast(monkeypatch):
    slow, fast, same, broken = (Loop("mlp", name, "numpy") for name in ("slow", "fast", "same", "broken"))
    loops = [slow, fast, same, broken]
    planted({slow: 0.08, fast: -0.2}, monkeypatch, failing=[broken])
    trial = Trial()
    trial.run(ROOT, ROOT, loops, "tiny")
    said = trial.verdicts(loops)
    assert {loop.loop: word for loop, (_, word) in said.items()} == {
        "slow": "slower",
        "fast": "faster",
        "same": "as fast",
    }
    assert trial.first.failed == {broken: "ValueError: broken"}
    assert set(trial.again.pairs) == {slow}  # what seems slower, and nothing else, is measured again


def test_a_loop_that_stays_undecided_is_prepared_anew_in_each_pair(monkeypatch):
    asked = []

    def scattered(a, b, loop, size, *, slowdown=0.0, preparations=1):
        asked.append(preparations)
        return Pair(0.06 * (len(asked) % 2), 1.0, 1.0)

    planted({}, monkeypatch)
    monkeypatch.setattr(benchmarks.sides, "pair_of", scattered)
    trial = Trial()
    trial.run(ROOT, ROOT, [MLP_STEP], "tiny")
    assert trial.verdicts([MLP_STEP])[MLP_STEP][1] == "undecided"
    assert asked == [1] * LEAST + [benchmarks.sides.PREPARATIONS] * (MOST - LEAST)


def test_a_slowdown_that_does_not_come_again_is_not_confirmed():
    def pairs(change):
        return [Pair(change, 1.0, 1.0)] * LEAST

    trial = Trial(Evidence({MLP_STEP: pairs(0.1)}), Evidence({MLP_STEP: pairs(0.0)}))
    assert trial.verdicts([MLP_STEP])[MLP_STEP][1] == "not confirmed"


def test_a_killed_comparison_goes_on_where_it_was(monkeypatch, tmp_path):
    planted({}, monkeypatch)
    loops = [MLP_STEP, Loop("mlp", "forward", "numpy")]
    path = tmp_path / "trial.json"
    trial, measured = Kept(path), []

    def killed(note):
        trial.keep()
        measured.append(note)
        if len(measured) == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trial.run(ROOT, ROOT, loops, "tiny", keep=killed)
    again = Kept(path)
    assert sum(map(len, again.first.pairs.values())) == 5
    again.run(ROOT, ROOT, loops, "tiny")
    assert {len(pairs) for pairs in again.first.pairs.values()} == {LEAST}
    assert again.first.pairs[MLP_STEP][:2] == trial.first.pairs[MLP_STEP][:2]


def comparison(monkeypatch, tmp_path, *args):
    """The exit code of the command where the last commit is compared with itself, and nothing is kept."""
    monkeypatch.setattr(ab, "refuse_dirty_tree", lambda: None)
    monkeypatch.setattr(ab, "KEPT", tmp_path)
    monkeypatch.setattr(ab, "LOCK", tmp_path / "lock")  # a user's own comparison is not waited for
    monkeypatch.setattr(history, "KEPT", tmp_path)
    monkeypatch.setattr(sys, "argv", ["ab", "HEAD", "HEAD", "--framework", "numpy", "--task", "mlp", *args])
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
    assert len(results["results"]["numpy_loops.MlpCpu.time_loop"][0]) == 3
    (rows,) = tmp_path.glob("*.json")
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


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["nowhere"], "there is no revision 'nowhere'"),
        (["--framework", "jax"], "jax"),
        (["--task", "mpl"], "mlp"),
        (["--size", "huge"], "huge"),
    ],
)
def test_what_cannot_be_compared_is_exit_2_and_named(monkeypatch, capsys, args, message):
    monkeypatch.setattr(ab, "refuse_dirty_tree", lambda: None)
    monkeypatch.setattr(sys, "argv", ["ab", *args])
    with pytest.raises(SystemExit) as stop:
        ab.main()
    assert stop.value.code == 2
    assert message in capsys.readouterr().err


def test_a_loop_that_takes_its_process_with_it_leaves_the_others(monkeypatch):
    """Real processes: the first loop kills its own, the second is measured by new ones."""
    real = benchmarks.sides.pair_of

    def deadly(a, b, loop, size, *, slowdown=0.0, preparations=1):
        if loop.loop == "forward":
            a._process.kill()
        return real(a, b, loop, size, slowdown=slowdown, preparations=preparations, rounds=1)

    monkeypatch.setattr(benchmarks.sides, "pair_of", deadly)
    monkeypatch.setattr(benchmarks.sides, "MOST", 1)
    evidence = Evidence()
    measure(ROOT, ROOT, [Loop("mlp", "forward", "numpy"), MLP_STEP], "tiny", evidence)
    assert "died" in evidence.failed[Loop("mlp", "forward", "numpy")]
    assert len(evidence.pairs[MLP_STEP]) == 1


def test_a_process_that_does_not_answer_is_given_up(monkeypatch):
    monkeypatch.setattr(benchmarks.sides, "TIMEOUT", 0.05)
    side = Side(ROOT)
    try:
        with pytest.raises(Failed, match="no answer"):
            side.ask("prepare", "mlp", "step", "numpy", "eager", "tiny", 30.0)
        assert not side.alive
    finally:
        side.close()


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


def test_a_calibration_counts_alarms_and_finds(monkeypatch, tmp_path, capsys):
    def honest(a, b, loop, size, *, slowdown=0.0, preparations=1):
        return Pair(float(np.log1p(slowdown)), 1.0, 1.0)

    planted({}, monkeypatch)
    monkeypatch.setattr(benchmarks.sides, "pair_of", honest)
    calibrate.calibrate(tmp_path, [MLP_STEP], "tiny", 10, Console(width=120))
    rows = pd.read_csv(tmp_path / ".asv" / "ab" / "calibration.csv")
    assert rows.groupby("planted")["verdict"].agg(list).to_dict() == {
        0.0: ["as fast"] * 10, 0.05: ["slower"], 0.1: ["slower"],
    }  # fmt: skip


def test_a_killed_calibration_goes_on_where_it_was(monkeypatch, tmp_path):
    left, measured = [LEAST - 2], []

    def killed(a, b, loop, size, *, slowdown=0.0, preparations=1):
        if len(measured) == left[0]:
            raise KeyboardInterrupt
        measured.append(slowdown)
        return Pair(float(np.log1p(slowdown)), 1.0, 1.0)

    def one_row():
        calibrate.calibrate(tmp_path, [MLP_STEP], "tiny", 1, Console(width=120))

    planted({}, monkeypatch)
    monkeypatch.setattr(benchmarks.sides, "pair_of", killed)
    with pytest.raises(KeyboardInterrupt):
        one_row()
    left[0] = None
    one_row()
    assert measured.count(0.0) == LEAST
    assert not list(tmp_path.rglob("*.unfinished.json"))


def test_the_driver_lists_the_loops_of_a_revision():
    assert MLP_STEP in loops_of(ROOT, ["numpy"])


def test_a_revision_that_cannot_be_imported_is_named(tmp_path):
    (tmp_path / "parity").mkdir()
    (tmp_path / "parity" / "__init__.py").write_text("raise RuntimeError('this revision is broken')")
    with pytest.raises(UsageError, match="cannot be measured: RuntimeError: this revision is broken"):
        loops_of(tmp_path, ["numpy"])


def test_a_worktree_is_of_its_commit_and_goes_away():
    commit = revisions.commit_of("HEAD")
    with worktree(commit) as tree:
        assert (tree / "parity" / "__init__.py").exists()
    assert not tree.exists()
    assert str(tree) not in revisions.git("worktree", "list")


def test_a_loop_by_hand_computes_what_the_task_does(framework):
    """The loops that the harness is measured against do the same work on the same model."""
    for (task, loop), by_hand in BARE.items():
        with prepared(task, loop, Contestant(framework=framework, mode=USUAL[framework]), size="tiny") as ready:
            found, named = by_hand[framework](ready.model, ready.batch)(), ready.call()
            first = found[0] if isinstance(found, list | tuple) else found
            tensors = {"by hand": first, "harness": named.get("loss", named.get("grad.x"))}
            arrays = available(framework, "cpu", "eager").get(tensors, {})
            np.testing.assert_array_equal(arrays["by hand"], arrays["harness"])
