"""Every loop in every mode, judged by the same limit against the same truth."""

from dataclasses import replace

import pytest

from parity import judge, load
from parity.frameworks.runtime import Unavailable
from parity.judging.run import run
from parity.judging.sweep import Job, left_out
from parity.judging.verdict import PASSING

SAMPLE = ("mlp", "conv_block", "lstm")  # a loss and a step; a random cotangent; a loop over time
# Each call traces or compiles anew, so one dtype is judged at its first call on a model, the other at its third.
TINY = [("float64", "tiny", 1), ("float32", "tiny", 3)]
ALL = [*TINY, ("float64", "tiny", 3), ("float32", "tiny", 1), ("float32", "base", 1)]


@pytest.fixture
def agrees(request):
    """Judge a task's loops in one mode; skip with the reason if there is nothing to judge."""

    def check(task_name, framework, mode, runs):
        if framework not in (request.config.getoption("--framework") or [framework]):
            pytest.skip(f"--framework leaves {framework} out")
        for dtype, size, calls in runs:
            rows = judge(task_name, framework, dtype=dtype, size=size, mode=mode, calls=calls)
            assert {row.output.partition("/")[0] for row in rows} == set(load(task_name).loops)
            assert [row for row in rows if row.verdict not in PASSING] == []

    return check


@pytest.mark.tasks(that=lambda task: task.loops)
def test_graph(task_name, agrees):
    agrees(task_name, "tf", "graph", TINY)


@pytest.mark.parametrize("sampled", SAMPLE)
@pytest.mark.parametrize(("framework_", "mode"), [("tf", "xla"), ("torch", "compile")])
def test_a_sample_of_the_compilers(sampled, framework_, mode, agrees):
    agrees(sampled, framework_, mode, TINY)


@pytest.mark.compiled
@pytest.mark.tasks(that=lambda task: task.loops)
@pytest.mark.parametrize(("framework_", "mode"), [("tf", "graph"), ("tf", "xla"), ("torch", "compile")])
def test_every_loop_under_the_compilers(task_name, framework_, mode, agrees):
    agrees(task_name, framework_, mode, ALL)


def test_a_mode_that_a_framework_lacks_is_unavailable():
    with pytest.raises(Unavailable, match="numpy has no mode 'graph'; it has eager"):
        run("mlp", "numpy", mode="graph")


def test_a_stage_that_a_mode_leaves_out_is_a_row_with_its_reason():
    job = Job.of(load("mlp"), "tf", "cpu", "float32", "graph", "tiny")
    assert [(row.output, row.verdict) for row in left_out(job)] == [("summary", "unavailable")]
    assert left_out(replace(job, mode="eager")) == []
