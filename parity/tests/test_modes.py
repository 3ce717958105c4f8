"""Every loop in every mode, judged by the same limit against the same truth."""

import pytest

from parity import judge, load
from parity.framework import Unavailable
from parity.judge import GOOD
from parity.run import run

SAMPLE = ("mlp", "conv_block", "lstm")  # a loss and a step; a random cotangent; a loop over time
RUNS = [("float64", "tiny"), ("float32", "tiny")]
ALL_RUNS = [*RUNS, ("float32", "base")]


def assert_agrees(task_name, framework, mode, runs=RUNS):
    if not load(task_name).loops:
        return  # nothing of it runs in other modes than eager
    for dtype, size in runs:
        rows = judge(task_name, framework, dtype=dtype, size=size, mode=mode)
        assert {row.output.partition("/")[0] for row in rows} == set(load(task_name).loops)
        assert [row for row in rows if row.verdict not in GOOD] == []


def wanted(request, framework):
    return framework in (request.config.getoption("--framework") or [framework])


def test_graph(task_name, request):
    if wanted(request, "tf"):
        assert_agrees(task_name, "tf", "graph")


@pytest.mark.parametrize("sampled", SAMPLE)
@pytest.mark.parametrize(("framework_", "mode"), [("tf", "xla"), ("torch", "compile")])
def test_a_sample_of_the_compilers(sampled, framework_, mode, request):
    if wanted(request, framework_):
        assert_agrees(sampled, framework_, mode)


@pytest.mark.compiled
def test_xla(task_name):
    assert_agrees(task_name, "tf", "xla", ALL_RUNS)


@pytest.mark.compiled
def test_compile(task_name):
    assert_agrees(task_name, "torch", "compile", ALL_RUNS)


def test_a_mode_that_a_framework_lacks_is_unavailable():
    with pytest.raises(Unavailable, match="numpy has no mode 'graph'; it has eager"):
        run("mlp", "numpy", mode="graph")
