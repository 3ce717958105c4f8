"""Results of several machines or versions, side by side."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
ROW = {"task": "mlp", "framework": "torch", "device": "cpu", "dtype": "float32", "mode": "eager", "size": "tiny"}


def result(path, version, verdict, units):
    environment = {"cpu": "one", "frameworks": {"torch": {"versions": {"torch": version}}}}
    rows = [
        {**ROW, "output": "forward/loss", "units": units, "verdict": verdict, "reason": ""},
        {**ROW, "output": "summary/shape", "units": None, "verdict": "exact", "reason": ""},
    ]
    path.write_text(json.dumps({"environment": environment, "rows": rows}))
    return str(path)


def compare(*files):
    command = [sys.executable, "-m", "parity", "compare", *files]
    wide = {**os.environ, "COLUMNS": "120"}
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=wide)


def test_two_results_stand_side_by_side(tmp_path):
    old = result(tmp_path / "old.json", "2.12.0", "agrees", 3.25)
    new = result(tmp_path / "new.json", "2.13.0", "differs", "inf")
    done = compare(old, new)
    assert done.returncode == 1, done.stderr
    words = done.stdout.split()
    for expected in ("2.12.0", "2.13.0", "3.25", "differs", "forward/loss"):
        assert expected in words
    assert "one" not in words  # the processor is the same
    assert "summary/shape" not in words  # its verdict is the same


def test_the_same_verdicts_are_exit_0(tmp_path):
    files = [result(tmp_path / f"{machine}.json", "2.13.0", "agrees", 1.0) for machine in ("laptop", "server")]
    done = compare(*files)
    assert done.returncode == 0, done.stderr
    assert "the same verdict" in done.stdout


def test_files_of_one_name_are_called_by_their_paths(tmp_path):
    for machine in ("a", "b"):
        (tmp_path / machine).mkdir()
    files = [result(tmp_path / machine / "parity.json", machine, "agrees", 1.0) for machine in ("a", "b")]
    assert compare(*files).returncode == 0


@pytest.mark.parametrize("content", [None, "half a fi", "[]", '{"rows": []}'])
def test_a_file_that_is_no_result_is_named(tmp_path, content):
    path = tmp_path / "broken.json"
    if content is not None:
        path.write_text(content)
    done = compare(str(path))
    assert done.returncode == 2
    assert "broken.json is no file of results" in " ".join(done.stderr.split())


def times(path, cpu, milliseconds):
    """A file of times, in which the last loop has none."""
    rows = pd.DataFrame({"task": "mlp", "loop": ["forward", "step"], "contestant": "torch", "size": "base"})
    rows["median_seconds"] = [milliseconds / 1e3, None]
    rows = rows.assign(low_seconds=rows["median_seconds"] / 2, high_seconds=rows["median_seconds"] * 2)
    rows = rows.assign(cpu=cpu, cores=2, refused=["", "its outputs: differs"])
    rows.to_csv(path, index=False) if path.suffix == ".csv" else rows.to_parquet(path, index=False)
    return str(path)


def test_times_of_two_machines_stand_side_by_side(tmp_path):
    done = compare(times(tmp_path / "a.csv", "Xeon", 3), times(tmp_path / "b.parquet", "EPYC", 6))
    assert done.returncode == 0, done.stderr
    lines = [" ".join(line.replace("│", " ").split()) for line in done.stdout.splitlines()]
    assert "mlp forward torch base 3 ms 1.5-6 ms 6 ms 3-12 ms x2.00" in lines
    assert not any("step" in line for line in lines)
    assert "Xeon, 2 cores" in done.stdout
    assert "compare the machines, not the frameworks" in " ".join(lines)


def test_of_three_files_of_times_there_is_no_ratio(tmp_path):
    done = compare(*(times(tmp_path / f"{name}.csv", name, 3) for name in "abc"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("3 ms 1.5-6 ms") == 3
    assert "ratio" not in done.stdout


def test_times_and_verdicts_are_not_compared(tmp_path):
    verdicts = result(tmp_path / "a.json", "2.12.0", "agrees", 3.25)
    done = compare(verdicts, times(tmp_path / "b.csv", "Xeon", 3))
    assert done.returncode == 2
    assert "not compared with each other" in done.stderr


@pytest.mark.parametrize("name", ["broken.csv", "broken.parquet"])
def test_a_file_that_holds_no_times_is_named(tmp_path, name):
    (tmp_path / name).write_text("half,a,fi")
    done = compare(str(tmp_path / name))
    assert done.returncode == 2
    assert f"{name} is no file of times" in " ".join(done.stderr.split())
