"""The gate: a loop whose outputs disagree is not timed."""

import dataclasses
import json

import pytest

import impl_numpy
from parity import Row, UsageError, load
from parity.frameworks import environment
from parity.frameworks.environment import sources
from parity.timing.contest import Entry
from parity.timing.gate import Gate
from parity.timing.loop import Backend

NUMPY = Backend(framework="numpy")
ROW = {"task": "mlp", "framework": "numpy", "device": "cpu", "dtype": "float32", "mode": "eager", "size": "tiny"}


@pytest.fixture
def entry():
    return Entry(load("mlp"), "step", NUMPY)


def row(verdict):
    return Row(**ROW, output="step/loss", verdict=verdict, units=None)


def test_a_loop_that_agrees_is_timed(entry):
    gate = Gate("tiny")
    assert gate.skip_reason(entry) == ""
    assert 0 < gate.units(entry) < 30


def test_a_loop_whose_outputs_disagree_is_not_timed(entry):
    gate = Gate("tiny")
    gate.add([row("agrees"), row("differs")])
    assert gate.skip_reason(entry) == "its outputs: differs"


def test_a_loop_that_cannot_run_here_is_not_timed_and_has_a_reason():
    graph = Entry(load("mlp"), "step", Backend(framework="numpy", mode="graph"))
    assert "numpy has no mode 'graph'" in Gate("tiny").skip_reason(graph)
    small = dataclasses.replace(load("mlp"), sizes={"base": load("mlp").sizes["base"]})
    assert Gate("tiny").skip_reason(Entry(small, "step", NUMPY)) == "the task has no size 'tiny'"


def test_verdicts_are_read_from_a_run(entry, tmp_path):
    path = tmp_path / "rows.json"

    def read(versions, sources):
        environment = {"frameworks": {"numpy": {"versions": versions}}, "sources": sources}
        rows = [dataclasses.asdict(row("error"))]
        path.write_text(json.dumps({"format": 2, "environment": environment, "rows": rows}))
        gate = Gate("tiny")
        gate.read(path, ["numpy"])
        return gate.skip_reason(entry)

    assert read(impl_numpy.versions(), sources()) == "its outputs: error"
    assert read({"numpy": "1.0"}, sources()) == ""  # the verdict is of another version: judged again
    assert read(impl_numpy.versions(), "others") == ""  # the sources have changed since: judged again
    path.write_text("half a fi")
    with pytest.raises(UsageError, match="is not a file of results"):
        Gate("tiny").read(path, ["numpy"])


def test_the_sources_that_determine_the_numbers_have_a_digest(tmp_path, monkeypatch):
    monkeypatch.setattr(environment, "__file__", str(tmp_path / "parity" / "frameworks" / "environment.py"))

    def after(name, content):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        return sources()

    first = after("impl_tf/mlp.py", "x = 1")
    assert after("parity/tests/test_mlp.py", "x = 1") == after("parity/README.md", "") == first
    assert len({first, after("impl_tf/mlp.py", "x = 2"), after("parity/divergences/losses.py", "")}) == 3


def test_with_tf32_a_loop_passes_by_the_verdict_without_it_and_has_no_units(monkeypatch):
    """No float32 output agrees with TF32, so there is nothing to judge; CuPy's switch is none of a loop's."""
    monkeypatch.setattr("parity.timing.gate.available", lambda *where: None)
    gate = Gate("tiny")
    gate.add([dataclasses.replace(row("differs"), framework="torch", device="cuda")])
    gate.add([dataclasses.replace(row("agrees"), framework="tf", device="cuda", mode="graph", units=2.0)])
    torch, tf, cupy = (
        Entry(load("mlp"), "step", Backend(framework=name, mode=mode, device="cuda", tf32=True))
        for name, mode in (("torch", "eager"), ("tf", "graph"), ("numpy", "eager"))
    )
    assert gate.skip_reason(torch) == "its outputs: differs"
    assert (gate.skip_reason(tf), gate.units(tf)) == ("", None)
    assert "CUPY_TF32=1" in gate.skip_reason(cupy)
