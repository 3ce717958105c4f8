"""Results of several machines or versions, side by side."""

import json
from pathlib import Path

import pandas as pd
import pytest

ROW = {"task": "mlp", "framework": "torch", "device": "cpu", "dtype": "float32", "mode": "eager", "size": "tiny"}


def result(path, *rows, version="2.13.0", **also):
    """A file of results; each row is an output, its verdict and its units."""
    environment = {"cpu": "one", "frameworks": {"torch": {"versions": {"torch": version}}}}
    plain = [{**ROW, "output": o, "verdict": v, "units": u, "reason": ""} for o, v, u in rows]
    path.write_text(json.dumps({"format": 2, "environment": environment, "rows": plain, **also}))
    return str(path)


LOSS, SHAPE = ("forward/loss", "agrees", 3.25), ("summary/shape", "exact", None)


@pytest.fixture
def compare(here):
    return lambda *files, width=120: here("compare", *files, width=width)


def test_two_results_stand_side_by_side(compare, tmp_path):
    old = result(tmp_path / "old.json", LOSS, SHAPE, version="2.12.0")
    new = result(tmp_path / "new.json", ("forward/loss", "differs", "inf"), SHAPE)
    done = compare(old, new)
    assert done.returncode == 1, done.stderr
    words = done.stdout.split()
    for expected in ("2.12.0", "2.13.0", "3.25", "differs", "forward/loss"):
        assert expected in words
    assert "one" not in words  # the processor is the same
    assert "summary/shape" not in words  # its verdict is the same


def test_the_same_verdicts_are_exit_0_and_the_shared_outputs_are_counted(compare, tmp_path):
    files = [result(tmp_path / f"{machine}.json", LOSS, SHAPE) for machine in ("laptop", "server")]
    done = compare(*files)
    assert done.returncode == 0, done.stderr
    assert "2 outputs shared" in done.stdout


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        (1.0, 3.9, 0),
        (1.9, 7.9, 0),  # more than fourfold, and still small
        (2.0, 8.5, 1),
        (7.0, 27.0, 0),
        (2.0, "inf", 1),
        (8.5, 2.0, 0),  # better
    ],
)
def test_units_that_grew_are_found(compare, tmp_path, before, after, code):
    files = [result(tmp_path / f"{n}.json", ("forward/loss", "agrees", u)) for n, u in (("a", before), ("b", after))]
    done = compare(*files)
    assert done.returncode == code
    assert ("1 noise units that grew" in done.stdout) == bool(code)


def test_exact_compares_units_to_the_last_digit(compare, tmp_path):
    a = result(tmp_path / "a.json", LOSS, SHAPE)
    b = result(tmp_path / "b.json", ("forward/loss", "agrees", 3.2500000000000004), SHAPE)
    assert compare(a, b).returncode == 0
    assert compare(a, b, "--exact").returncode == 1
    (tmp_path / "again").mkdir()
    assert compare(a, result(tmp_path / "again" / "c.json", LOSS, SHAPE), "--exact").returncode == 0


def test_results_that_share_no_output_are_exit_2(compare, tmp_path):
    a, b = result(tmp_path / "a.json", LOSS), result(tmp_path / "b.json", SHAPE)
    done = compare(a, b)
    assert done.returncode == 2
    assert "0 outputs shared, 2 missing from a file" in done.stdout
    assert compare(a, result(tmp_path / "empty.json")).returncode == 2


def test_an_output_that_is_missing_is_found_unless_there_is_a_reason(compare, tmp_path):
    both = result(tmp_path / "both.json", LOSS, SHAPE)
    done = compare(both, result(tmp_path / "one.json", LOSS))
    assert done.returncode == 1
    assert "1 missing from a file" in done.stdout
    assert "summary/shape" in done.stdout
    for output in ("", "summary"):  # the whole run, or the stage, is unavailable
        excused = result(tmp_path / "excused.json", LOSS, (output, "unavailable", None))
        assert compare(both, excused).returncode == 0


def test_one_file_alone_cannot_be_compared(compare, tmp_path):
    path = result(tmp_path / "a.json", LOSS)
    assert compare(path).returncode == compare(path, path).returncode == 2


def test_files_with_the_same_name_are_shown_by_their_paths(compare, tmp_path):
    for machine in ("a", "b"):
        (tmp_path / machine).mkdir()
    files = [result(tmp_path / machine / "parity.json", LOSS) for machine in ("a", "b")]
    assert compare(*files).returncode == 0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "broken.json cannot be read: No such file"),
        ("half a fi", "broken.json is not a file of results; parity run --json NEW.json writes one"),
        ("[]", "broken.json is not a file of results"),
        ('{"rows": []}', "broken.json is not a file of results"),
        ('{"format": 99, "rows": []}', "broken.json has format 99, this version reads 1 and 2"),
    ],
)
def test_a_file_that_holds_no_results_is_named(compare, tmp_path, content, message):
    path = tmp_path / "broken.json"
    if content is not None:
        path.write_text(content)
    done = compare(result(tmp_path / "good.json", LOSS), str(path))
    assert done.returncode == 2
    assert message in " ".join(done.stderr.split())


def test_a_file_without_a_format_number_is_the_first_format(compare, tmp_path):
    old = tmp_path / "old.json"
    new = result(tmp_path / "new.json", LOSS, SHAPE)
    old.write_text(json.dumps({k: v for k, v in json.loads(Path(new).read_text()).items() if k != "format"}))
    assert compare(str(old), new).returncode == 0


@pytest.mark.parametrize("width", [80, 40])
def test_no_name_is_cut_in_a_narrow_terminal(compare, tmp_path, width):
    names = ["adam_step/exp_avg_sq.hidden.weight", "backward/grad.conv.weight"]
    a = result(tmp_path / "a.json", *((name, "agrees", 1.0) for name in names))
    b = result(tmp_path / "b.json", *((name, "differs", 1e3) for name in names))
    done = compare(a, b, width=width)
    assert "…" not in done.stdout
    assert all(name in done.stdout for name in names)


def times(path, cpu, milliseconds):
    """A file of times in an older format; its last loop has no time."""
    rows = pd.DataFrame({"task": "mlp", "loop": ["forward", "step"], "contestant": "torch", "size": "base"})
    rows["median_seconds"] = [milliseconds / 1e3, None]
    rows = rows.assign(low_seconds=rows["median_seconds"] / 2, high_seconds=rows["median_seconds"] * 2)
    rows = rows.assign(cpu=cpu, cores=2, refused=["", "its outputs: differs"])
    rows.to_csv(path, index=False) if path.suffix == ".csv" else rows.to_parquet(path, index=False)
    return str(path)


def test_times_of_two_machines_stand_side_by_side(compare, tmp_path):
    done = compare(times(tmp_path / "a.csv", "Xeon", 3), times(tmp_path / "b.parquet", "EPYC", 6))
    assert done.returncode == 0, done.stderr
    lines = [" ".join(line.replace("│", " ").split()) for line in done.stdout.splitlines()]
    assert "mlp forward torch base 3 ms 1.5-6 ms 6 ms 3-12 ms x2.00" in lines
    assert not any("step" in line for line in lines)
    assert "Xeon, 2 cores" in done.stdout
    assert "compare the machines, not the frameworks" in " ".join(lines)


def test_times_that_were_disturbed_are_marked_and_threads_are_said(compare, tmp_path):
    paths = [tmp_path / f"{name}.csv" for name in "ab"]
    for number, path in enumerate(paths, start=1):
        rows = pd.read_csv(times(path, "Xeon", 3)).assign(threads=number)
        rows.assign(others=[0.25, None], disturbed=[number == 2, None]).to_csv(path, index=False)
    text = " ".join(compare(*map(str, paths)).stdout.replace("│", " ").split())
    assert "threads: 1" in text
    assert "threads: 2" in text
    assert text.count("!25%") == 1


def test_three_files_of_times_have_no_ratio(compare, tmp_path):
    done = compare(*(times(tmp_path / f"{name}.csv", name, 3) for name in "abc"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("3 ms 1.5-6 ms") == 3
    assert "ratio" not in done.stdout


def test_times_and_verdicts_are_not_compared(compare, tmp_path):
    verdicts = result(tmp_path / "a.json", LOSS)
    done = compare(verdicts, times(tmp_path / "b.csv", "Xeon", 3))
    assert done.returncode == 2
    assert "not compared with each other" in done.stderr


@pytest.mark.parametrize("name", ["broken.csv", "broken.parquet"])
def test_a_file_that_holds_no_times_is_named(compare, tmp_path, name):
    (tmp_path / name).write_text("half,a,fi")
    done = compare(str(tmp_path / name), times(tmp_path / "good.csv", "Xeon", 3))
    assert done.returncode == 2
    assert f"{name} is not a file of times" in " ".join(done.stderr.split())


def test_times_that_share_no_loop_are_exit_2(compare, tmp_path):
    first = times(tmp_path / "a.csv", "Xeon", 3)
    second = pd.read_csv(first).assign(task="lstm", format=1)
    second.to_csv(tmp_path / "b.csv", index=False)
    assert compare(first, str(tmp_path / "b.csv")).returncode == 2
    second.assign(format=99).to_csv(tmp_path / "b.csv", index=False)
    done = compare(first, str(tmp_path / "b.csv"))
    assert done.returncode == 2
    assert "b.csv has format 99" in done.stderr
