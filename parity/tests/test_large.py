"""At `large` every output of every loop is compared: in noise units, or coarsely where it lies behind a kink."""

import dataclasses

import numpy as np
import pytest

from parity import draw, judge, load, run
from parity.faults import given, plant, transposed
from parity.judging import coarse
from parity.judging.verdict import PASSING
from parity.task import Fault

FAULTS = {
    "a factor": lambda a: a * -2,
    "a dropped term": np.zeros_like,
    "a transposed weight": lambda a: a.T.reshape(a.shape),
}


def offset(a):
    """No output stays as it is, zero or not."""
    return np.asarray(a + 1 + abs(a[np.isfinite(a)]).max(initial=0)).astype(a.dtype)


pytestmark = pytest.mark.tasks(that=lambda task: task.loops)


@pytest.fixture(params=["as drawn", "everywhere"])
def near(request, monkeypatch):
    """Which loops come near a kink: few do as they are drawn, and in none may that hide a fault."""
    if request.param == "everywhere":
        monkeypatch.setattr(coarse, "comes_near_a_kink", lambda *where: True)
    return request.param


@pytest.fixture
def small(task_name):
    """The task with the arrays of `tiny` at `large`, which has its own rules, but no size of its own."""
    task = load(task_name)
    return dataclasses.replace(task, sizes={**task.sizes, "large": task.sizes["tiny"]})


def outputs_of(task, framework="numpy", fault=None):
    arrays = draw(task, "large") if fault is None else plant(fault, draw(task, "large"))
    return run(task, framework, dtype="float32", size="large", arrays=arrays)


def verdicts(task, outputs, framework="numpy"):
    return {row.output: row.verdict for row in judge(task, framework, outputs, dtype="float32", size="large")}


def differing(task, outputs, framework="numpy"):
    return {key for key, verdict in verdicts(task, outputs, framework).items() if verdict == "differs"}


def test_no_output_of_a_loop_goes_without_a_comparison(small, near):
    outputs = outputs_of(small)
    assert set(outputs) == {f"{loop}/{output}" for loop in small.loops for output in small.stages[loop].outputs}
    assert set(verdicts(small, outputs).values()) <= set(PASSING)
    for name, change in FAULTS.items():
        changed = {key: change(a) for key, a in outputs.items()}
        moved = {key for key, a in outputs.items() if not np.array_equal(changed[key], a)} - small.noise_from.keys()
        assert differing(small, changed) == moved, name  # of `noise_from` all is zero in theory
    assert differing(small, {key: offset(a) for key, a in outputs.items()}) == set(outputs)


def test_faults_planted_in_the_inputs_are_seen_in_every_loop(small, near):
    seen = set()
    for change in (*FAULTS.values(), offset):  # of zeros only the last is one
        fault = Fault(inputs=lambda arrays: {n: change(a) if a.dtype.kind == "f" else a for n, a in arrays.items()})  # noqa: B023
        seen |= {output.partition("/")[0] for output in differing(small, outputs_of(small, fault=fault))}
    assert seen == set(small.loops)


def test_what_no_kink_came_near_is_judged_in_noise_units(small):
    """One part in four thousand too large: that is far more than rounding, and far less than the coarse limit."""
    outputs = outputs_of(small)
    coarsely = {key for key, verdict in verdicts(small, outputs).items() if verdict == "coarse"}
    real = {key for key, a in outputs.items() if a.dtype.kind == "f" and a.any()} - small.noise_from.keys()
    changed = {key: a * np.float32(1 + 2**-12) if key in real else a for key, a in outputs.items()}
    assert differing(small, changed) == real - coarsely


def test_values_are_continuous_where_derivatives_and_integers_jump(monkeypatch):
    monkeypatch.setattr(coarse, "comes_near_a_kink", lambda *where: True)
    found = {}
    for name in ("activations", "conv_block", "metrics"):
        task = dataclasses.replace(load(name), sizes={"large": load(name).sizes["tiny"]})
        found |= {f"{name} {key}": verdict for key, verdict in verdicts(task, outputs_of(task)).items()}
    assert {found[f"activations relu/{name}"] for name in ("a", "grad.x")} == {"agrees", "coarse"}
    assert found["conv_block forward/y"] == found["conv_block strided/y"] == "agrees"
    assert found["conv_block backward/grad.x"] == found["conv_block strided/grad.x"] == "coarse"
    assert found["metrics accuracy/correct"] == found["metrics accuracy/accuracy"] == "coarse"


def test_faults_at_the_real_size(framework):
    task = load("sgd_step")
    outputs = outputs_of(task, framework)
    assert differing(task, outputs, framework) == set()
    for fault in (
        given("x", lambda x: 1.01 * x),
        given("hidden.bias", np.zeros_like),
        transposed("hidden.weight", (1, 0)),
    ):
        assert differing(task, outputs_of(task, framework, fault), framework) == set(outputs)


ONES = np.ones(1000)


@pytest.mark.parametrize(
    ("output", "truth", "right"),
    [
        (ONES + 0.99 * 2**-7, ONES, True),
        (ONES - 0.99 * 2**-7, ONES, True),
        (ONES + 1.01 * 2**-7, ONES, False),
        (ONES - 1.01 * 2**-7, ONES, False),
        (np.where(np.arange(1000) == 7, np.nan, ONES), ONES, False),
        (np.where(np.arange(1000) == 7, np.inf, ONES), ONES, False),
        (ONES * np.inf, ONES * np.inf, True),
        (-ONES * np.inf, ONES * np.inf, False),
        (ONES * 0, ONES * 0, True),
        (ONES * 1e-30, ONES * 0, False),
        (np.array(5005), np.array(5000), True),  # a count, of which one in a thousand may be a tie
        (np.array(4994), np.array(5000), False),
        (np.where(np.arange(1000) == 7, 2, ONES).astype(int), ONES.astype(int), True),
        (np.where(np.arange(1000) <= 1, 2, ONES).astype(int), ONES.astype(int), False),
        (np.where(np.arange(1000) == 7, -2, -ONES).astype(int), -ONES.astype(int), True),
        (np.where(np.arange(1000) <= 1, -2, -ONES).astype(int), -ONES.astype(int), False),
        (np.array(0), np.array(0), True),
        (np.array(1), np.array(0), False),
        (np.arange(1000) % 2 == 1, np.arange(1000) % 2 == 1, True),
        (np.arange(1000) % 2 == 0, np.arange(1000) % 2 == 1, False),
        (np.zeros(2, np.uint8), np.ones(2, np.uint8), False),
    ],
)
def test_coarsely_right_is_a_question_of_size(output, truth, right):
    assert (coarse.distance(output, truth, truth) <= 1) == right


@pytest.mark.parametrize("dtype", [float, int])
def test_no_error_is_no_distance(dtype):
    assert coarse.distance(np.zeros(3, dtype), np.zeros(3, dtype), np.zeros(3, dtype)) == 0


def test_a_gradient_that_is_zero_in_theory_is_measured_by_its_sibling():
    assert coarse.distance(ONES * 1e-9, ONES * 1e-12, ONES) <= 1 < coarse.distance(ONES * 0.01, ONES * 1e-12, ONES)
