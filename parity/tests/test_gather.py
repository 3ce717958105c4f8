"""Results of several machines or versions, side by side."""

import json
import subprocess
import sys
from pathlib import Path

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
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=None)


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
