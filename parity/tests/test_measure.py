"""Times side by side: measured in a process that may die, with an interval, and written completely."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rich.console import Console
from typer.testing import CliRunner

import impl_numpy
from parity import LIMIT, UsageError, load
from parity.cli import app
from parity.frameworks import threads
from parity.frameworks.runtime import PACKAGES
from parity.timing import measure, processes, report
from parity.timing.contest import NOW, TURNS

ROOT = Path(__file__).parents[2]


def test_time_prints_a_table_and_writes_parquet_and_csv(here, tmp_path):
    done = here("time", "mlp", "--framework", "numpy", "--size", "tiny", "--output", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "geo. mean" in done.stdout
    rows = pd.read_parquet(tmp_path / "times.parquet")
    assert list(rows["loop"]) == ["forward", "backward", "step"]
    assert (rows["median_seconds"] > 0).all()
    assert ((rows["units"] > 0) & (rows["units"] < LIMIT)).all()
    assert [len(turns) for turns in rows["seconds"]] == [TURNS] * 3
    assert all(len(rounds) for turns in rows["seconds"] for rounds in turns)
    assert (rows["low_seconds"] <= rows["median_seconds"]).all()
    assert (rows["median_seconds"] <= rows["high_seconds"]).all()
    card = {"numpy", "dtype", "size", "device", "threads", "layout", "tf32", "onednn", "examples_per_second"}
    assert card | {"import_seconds", "build_seconds", "first_seconds", "cpu", "cores"} <= set(rows.columns)
    assert list(pd.read_csv(tmp_path / "times.csv")["loop"]) == list(rows["loop"])


def test_numbers_of_threads_take_turns_and_stand_side_by_side(here, tmp_path):
    """Two processes, since TensorFlow takes its number once; each row has its number, and each backend's name too."""
    every = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    if every == 1:
        pytest.skip("one core has no two numbers of threads")
    asked = ("mlp", "--size", "tiny", "--threads", "1", "--threads", "all")
    done = here("time", *asked, "--output", tmp_path)
    assert done.returncode == 0, done.stderr
    rows = pd.read_parquet(tmp_path / "times.parquet")
    each = {1: "1 thread", every: f"{every} threads"}
    both = [(f"{name} {words}", n) for name in ("numpy", "torch", "tf graph") for n, words in each.items()]
    assert sorted(zip(rows["backend"], rows["threads"])) == sorted(3 * both)
    assert all(words in done.stdout for words in each.values())
    assert f"threads: 1, {every}" in done.stdout


@pytest.mark.parametrize("number", ["0", "two", "-1", "1000000"])
def test_a_number_of_threads_that_cannot_be_is_refused(number):
    with pytest.raises(UsageError, match=rf"--threads {number}: a number from 1 to \d+, the cores that are here"):
        threads.number_of(number)


def test_time_refuses_an_unwritable_folder(here):
    done = here("time", "mlp", "--output", "/etc/hostname/nowhere")
    assert done.returncode == 2
    assert "cannot be created" in done.stderr


FAULTS = """
import contextlib, dataclasses, os, signal, time
from parity.timing import gate, turns
judge, warmed = gate.judge, turns.warmed

def faulty_judge(task, *args, **how):
    if task.name == "mlp":
        raise ValueError("no verdict")
    return judge(task, *args, **how)

@contextlib.contextmanager
def faulty(task, loop, backend, **how):
    if (task.name, loop) == ("losses", task.loops[-1]):
        os.kill(os.getpid(), signal.SIGKILL)
    if task.name == "dead_relu":
        time.sleep(600)
    with warmed(task, loop, backend, **how) as ready:
        yield dataclasses.replace(ready, call=lambda: 1 / 0) if task.name == "lstm" else ready

gate.judge, turns.warmed = faulty_judge, faulty
"""


@pytest.fixture
def faults(tmp_path, monkeypatch):
    """Options for a comparison in which one task's judge, another's loop and another's process fail."""
    (tmp_path / "faults.py").write_text(FAULTS)
    monkeypatch.syspath_prepend(tmp_path)
    return ["-p", "faults", "--frameworks", "numpy", "--devices", "cpu", "--size", "tiny"]


def test_a_failing_task_costs_no_other_task_its_time(faults):
    """One task raises while it is judged, one while it is timed, and one kills its process; the others have times."""
    found = measure.measure(["sgd_step", "mlp", "losses", "lstm", "linear_chain"], faults)
    reasons = found.groupby("task", sort=False)["skip_reason"].unique().map(list).to_dict()
    last = load("losses").loops[-1]
    assert reasons == {
        "sgd_step": [""],
        "mlp": ["ValueError: no verdict"],
        "losses": [f"ProcessDied: exit code -9 ({signal.strsignal(9)}), at {last}"],
        "lstm": ["ZeroDivisionError: division by zero"],
        "linear_chain": [""],
    }
    assert list(found["failed"]) == list(found["skip_reason"] != "")
    assert list(found["median_seconds"] > 0) == list(found["skip_reason"] == "")


def test_a_hanging_task_costs_no_other_task_its_time(faults):
    found = measure.measure(["dead_relu", "sgd_step"], faults, timeout=10)
    hung = found["task"] == "dead_relu"
    assert set(found["skip_reason"][hung]) == {f"it took longer than 10 s, at {load('dead_relu').loops[0]}"}
    assert found["failed"][hung].all()
    assert set(found["skip_reason"][~hung]) == {""}


def test_a_comparison_that_was_killed_goes_on(faults, tmp_path):
    kept = tmp_path / "kept"
    first = measure.measure(["sgd_step"], faults, kept=kept)
    both = measure.measure(["sgd_step", "linear_chain"], faults, kept=kept)
    assert both["seconds"][0] == first["seconds"][0]
    assert set(both["skip_reason"]) == {""}
    other = measure.measure(["sgd_step"], faults, kept=tmp_path / "other")
    assert other["seconds"][0] != first["seconds"][0]


def test_what_a_killed_process_had_begun_is_nobodys_fault(monkeypatch, tmp_path):
    """Its file names a turn; the next process, which ends before its first, did not get that far."""
    ended = []
    monkeypatch.setattr(processes, "_process", lambda *args: ended.append(args) or ("it ended", "its log"))
    (tmp_path / "usual").mkdir()
    (tmp_path / "usual" / NOW).write_text('["mlp", "numpy", "forward"]')
    with pytest.raises(UsageError, match="the comparison could not be made: it ended"):
        processes.rows_of(["mlp"], [], [None], 600.0, tmp_path)
    assert len(ended) == 1  # no backend was taken for the one that ended it


def test_a_task_that_one_process_alone_has_finished_is_timed_again_in_turns(monkeypatch, tmp_path):
    left = {}

    def measured(worker, tasks, options, folder, count, timeout):
        left[count] = sorted(path.stem for path in folder.glob("*.json"))
        return []

    monkeypatch.setattr(processes, "_measured", measured)
    for count, finished in {1: ["mlp", "lstm"], 2: ["mlp"]}.items():
        (tmp_path / str(count)).mkdir()
        for name in finished:
            (tmp_path / str(count) / f"{name}.json").write_text("[]")
    assert processes.rows_of(["mlp", "lstm", "losses"], [], [1, 2], 600.0, tmp_path) == []
    assert left == {1: ["mlp"], 2: ["mlp"]}


def test_unfinished_rows_are_those_of_the_same_question(tmp_path, monkeypatch):
    asked = [(["mlp"], []), (["mlp", "losses"], []), (["mlp"], [1]), (["mlp", "--size", "tiny"], [])]
    folders = [measure.unfinished(tmp_path, *words) for words in asked]
    monkeypatch.setattr(measure, "sources", lambda: "others")
    folders.append(measure.unfinished(tmp_path, *asked[0]))
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    folders.append(measure.unfinished(tmp_path, *asked[0]))
    assert len(set(folders)) == len(folders)
    assert measure.unfinished(tmp_path, *asked[0]) == folders[-1]


def test_the_command_says_that_it_goes_on_and_leaves_its_files_alone(monkeypatch, tmp_path):
    """The first run ends with an error, as if it were killed."""
    found = measure.measure(["sgd_step"], ["--frameworks", "numpy", "--devices", "cpu", "--size", "tiny"])

    def measured(tasks, options, *, counts, timeout, kept):
        assert kept == measure.unfinished(tmp_path, [*tasks, *options], counts)  # no other question goes on there
        if not kept.exists():
            kept.mkdir()
            raise UsageError("it was killed")
        return found

    monkeypatch.setattr(measure, "measure", measured)
    asked = ["time", "sgd_step", "--framework", "numpy", "--output", str(tmp_path), "--json", str(tmp_path / "t.json")]
    first, second = (CliRunner().invoke(app, asked) for _ in range(2))
    assert isinstance(first.exception, UsageError)
    assert "continuing what was not finished" not in first.output
    assert "continuing what was not finished" in second.output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["t.json", "times.csv", "times.parquet"]
    written = json.loads((tmp_path / "t.json").read_text())
    assert [row["turns"] for row in written["rows"]] == list(found["turns"])
    assert [row["seconds"] for row in written["rows"]] == list(found["seconds"])
    assert [row["disturbed"] for row in written["rows"]] == list(found["disturbed"])


def test_a_number_of_threads_that_fails_ends_the_others(monkeypatch):
    """Nobody waits for an hour to hear that a comparison could not begin."""

    def measured(worker, tasks, options, folder, count, timeout):
        if count == 2:
            raise UsageError("it could not begin")
        worker.call(time.sleep, 60, timeout=None)

    monkeypatch.setattr(processes, "_measured", measured)
    start = time.monotonic()
    with pytest.raises(UsageError, match="it could not begin"):
        processes.rows_of(["mlp"], [], [1, 2], 600.0)
    assert time.monotonic() - start < 50


def test_a_comparison_that_cannot_begin_shows_its_log():
    with pytest.raises(UsageError, match=r"(?s)could not be made: pytest ended with exit code 4\n.*nothing\.json"):
        measure.measure(["mlp"], ["--frameworks", "numpy", "--verdicts", "nothing.json"])
    with pytest.raises(UsageError, match="none of these tasks has a loop"):
        measure.measure([], [])


def test_a_comparison_without_any_time_shows_the_reasons(tmp_path):
    if "cuda" in impl_numpy.devices():
        pytest.skip("NumPy has a GPU here")
    command = [sys.executable, "-m", "parity", "time", "mlp", "--framework", "numpy", "--device", "cuda"]
    done = subprocess.run([*command, "--output", str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "numpy sees no cuda device here" in " ".join(done.stdout.replace("│", " ").split())
    assert pd.read_parquet(tmp_path / "times.parquet")["median_seconds"].isna().all()


def test_import_seconds_are_those_of_the_implementation(tmp_path, monkeypatch):
    """`import tensorflow` alone does not load Keras."""
    (tmp_path / "impl_slow.py").write_text("import time; time.sleep(0.25)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setitem(PACKAGES, "numpy", "impl_slow")
    assert measure.import_seconds("numpy") >= 0.25


def test_the_interval_of_the_turns_covers_the_median():
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(1000):
        low, _, high = measure.of_turns(rng.exponential(size=TURNS))
        covered += low <= np.log(2) <= high
    assert 0.955 < covered / 1000 < 0.985  # 31/32


def test_a_ratio_compares_rounds_of_the_same_turn():
    """A machine that is slow for one turn slows both backends, and their ratio stays the same."""
    faster = {turn: [speed, 1.1 * speed, 0.9 * speed] for turn, speed in enumerate((1.0, 1.0, 1.5, 4.0, 1.0, 2.0))}
    slower = {turn: [2 * rounds[0], 3 * rounds[0], 2 * rounds[0]] for turn, rounds in faster.items()}
    assert measure.ratio(slower, faster) == (2, 2, 2)
    assert measure.ratio({0: [2.0], 1: [3.0], 2: [4.0]}, {0: [1.0], 1: [1.0], 2: [1.0]}) == (2, 3, 4)


def test_turns_that_one_process_alone_took_again_are_compared_with_one_another():
    """Those of the same number first; what was slow in both is not compared with what was slow in one."""
    assert measure.ratio({0: [2.0], 2: [8.0], 6: [3.0]}, {0: [1.0], 1: [1.0], 2: [4.0]}) == (2, 2, 3)
    rows = {"turns": [0, 2], "seconds": [[2.0], [8.0]]}
    assert measure.by_turn(rows) == {0: [2.0], 2: [8.0]}


def row(loop, backend, seconds, skip_reason="", failed=False, others=0.0, task="lstm"):
    """A row of a loop."""
    return {
        "task": task, "topic": "9 CNN, RNN", "loop": loop, "backend": backend,
        "import_seconds": 1.0, "build_seconds": 1.0, "first_seconds": 1.0,
        "turns": list(range(TURNS)), "seconds": [[seconds]] * TURNS,
        "median_seconds": np.nan if skip_reason else seconds,
        "skip_reason": skip_reason, "failed": failed,
        "threads": None if skip_reason else 2,
        "others": others, "disturbed": None if skip_reason else others > 0.05, "spare_turns": TURNS if others else 0,
    }  # fmt: skip


def printed(rows):
    """What a screen of 80 columns shows."""
    console = Console(width=80, record=True, file=io.StringIO())
    report.print_times(console, pd.DataFrame(rows).astype({"threads": "Int64", "disturbed": "boolean"}))
    return console.export_text()


def test_the_table_has_the_backends_that_ran_and_says_why_others_did_not():
    rows = [row("forward", "numpy", 1e-3), row("forward", "tf", 2e-3), row("step", "numpy", 1e-3)]
    rows += [row("step", "tf", 0, "its outputs: differs"), row("step", "numpy graph", 0, "no mode 'graph'", True)]
    rows += [row("backward", backend, 10**-n, others=0.25) for n, backend in enumerate(("numpy", "tf"))]
    text = printed(rows)
    assert "least and greatest of 6 turns, a 96.9% interval" in " ".join(text.split())
    assert "x2.00 2.00-2.00" in text
    assert text.count("n/a") == 1  # in a row where other backends have a time
    assert "topic 9" in text
    assert "100 ms !25%" in text
    assert "1 of 3 loops are disturbed, and left out of the geometric means" in " ".join(text.split())
    assert "geo. mean x1.00 x2.00" in " ".join(text.split())
    assert "threads: 2; spare turns, since others disturbed the first: 12" in text
    reasons = [" ".join(line.replace("│", " ").split()) for line in text.splitlines()]
    assert "tf lstm step its outputs: differs" in reasons
    assert "numpy graph lstm step no mode 'graph'" in reasons
    assert text.count("numpy graph") == 1  # no column for a backend without any time


def test_backends_that_have_no_room_side_by_side_stand_one_below_another():
    backends = [f"{name} {count}" for name in ("numpy", "torch", "tf graph") for count in ("1 thread", "2 threads")]
    rows = [row("forward", name, (10 + n) * 1e-3, others=0.25, task="lr_schedules") for n, name in enumerate(backends)]
    text = printed(rows)
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert "lr_schedules forward numpy 1 thread 10 ms !25%" in lines
    assert "tf graph 2 threads 15 ms !25% x1.50 1.50-1.50" in lines
    assert max(map(len, text.splitlines())) <= 80
