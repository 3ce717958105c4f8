"""Every operation with a kink reports its distance to it, on both sides, relative to the tensor's size."""

import dataclasses

import numpy as np
import pytest

from impl_numpy import ops
from impl_numpy.ops.kink import kink
from parity import Stage, draw, load
from parity.frameworks.runtime import ContractError
from parity.judging.inputs import MARGIN, TRAJECTORY_MARGIN, comes_near_a_kink

CLOSE = 1e-9


def alike(value, on_paper):
    return abs(value / on_paper - 1) < 1e-3


def nearest(operation, x):
    """The smallest distance that the operation reports."""
    with ops.listening() as distances:
        operation(x)
    return min(distances)


def pool(x):
    return ops.max_pool(x.reshape(1, 1, 4, 4))


@pytest.mark.parametrize("operation", [ops.relu, ops.positive], ids=["relu", "positive"])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_value_near_zero_is_heard_from_either_side(operation, sign):
    x = np.array([1.0, -1.0, 1.0, -1.0])
    assert alike(nearest(operation, x), 1)
    x[2] = sign * CLOSE
    assert alike(nearest(operation, x), CLOSE / np.sqrt(0.75))


@pytest.mark.parametrize("first", [0, 1])
def test_a_tie_of_two_largest_is_heard_whichever_is_ahead(first):
    logits = np.array([[3.0, 3.0, -1.0]])
    logits[0, first] += CLOSE
    assert alike(nearest(ops.argmax, logits), CLOSE / np.sqrt(19 / 3))


@pytest.mark.parametrize("first", [0, 1, 4, 5])
def test_a_tie_in_a_pools_window_is_heard(first):
    x = np.arange(16.0)
    x[[0, 1, 4, 5]] = 7.0
    x[first] += CLOSE
    others = [i for i in (0, 1, 4, 5) if i != first]
    x[others[1:]] = -5.0  # two compete
    assert alike(nearest(pool, x), CLOSE / np.sqrt(np.mean(x * x)))


@pytest.mark.parametrize(
    "operation", [ops.relu, ops.positive, ops.argmax, pool], ids=["relu", "positive", "argmax", "pool"]
)
@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_the_distance_is_relative_to_the_tensors_size(operation, scale):
    x = np.random.default_rng(0).normal(size=16)
    assert alike(nearest(operation, scale * x), nearest(operation, x))


def test_adams_first_step_is_heard_where_a_gradient_is_nearly_zero():
    """There the step is lr times the gradient's sign, which rounding decides."""

    def first_step(g):
        ops.Adam({"w": np.zeros(4)}, lr=0.1).step({"w": g})

    assert alike(nearest(first_step, np.array([1.0, CLOSE, -1.0, 0.0])), CLOSE / np.sqrt(0.5))


def test_ties_among_a_relus_zeros_are_structural():
    x = np.array([0.0, 0.0, 1.0, -1.0])
    assert alike(nearest(ops.relu, x), 1 / np.sqrt(0.5))


def test_a_trajectory_keeps_further_away_than_a_single_pass():
    """The same draw, at a distance between the two margins, is taken for one pass and given up for a training."""
    task = load("mlp")
    between = np.sqrt(MARGIN * TRAJECTORY_MARGIN)

    def near(rng, **size):
        params, batch = task.make(rng, **size)
        z = batch["x"] @ params["0.weight"].T + params["0.bias"]
        # One pre-activation is moved to the distance; the others stay well away.
        z = np.where(np.abs(z) < 0.05, 0.1, z)
        z[0, 0] = between * np.sqrt(np.mean(z * z))
        params["0.weight"], batch["x"] = np.eye(z.shape[1]), z
        params["0.bias"] = np.zeros(z.shape[1])
        return params, batch

    forward = {"forward": task.stages["forward"]}
    single = dataclasses.replace(task, make=near, stages=forward, known={}, claims={}, shows=(), faults={})
    training = dataclasses.replace(single, stages={"forward": dataclasses.replace(forward["forward"], trajectory=True)})
    draw(single, "tiny")
    with pytest.raises(ContractError, match="too near a kink"):
        draw(training, "tiny")


@pytest.mark.parametrize(
    ("heard", "trajectory", "near"),
    [
        ([], False, False),
        ([2.0**-18, 1.0], False, False),
        ([1.0, 2.0**-19, 1.0], False, True),
        ([1.0, 2.0**-14], True, False),
        ([2.0**-15, 1.0], True, True),
        ([2.0**-15, 1.0], False, False),
    ],
)
def test_near_is_below_the_margin(made, capsys, heard, trajectory, near):
    def build(params, scale):
        return params["w"] * scale

    def forward(model, batch):
        print("aside")
        for distance in model * batch["x"]:
            kink(lambda: np.array([distance]), np.ones(1))  # noqa: B023  # called at once
        raise ValueError("too late to matter")

    stages = {"forward": Stage(outputs=(), trajectory=trajectory), "other": Stage(outputs=(), trajectory=True)}
    sizes = {"tiny": {"scale": 7.0}, "base": {"scale": 2.0}}
    task = made(stages, build, forward, config={"scale": 0.5}, sizes=sizes)
    given = {"w": np.full(len(heard), 0.5, np.float32)}, {"x": np.array(heard)}
    assert comes_near_a_kink(task, "forward", "base", *given) is near
    assert capsys.readouterr().out == ""


def test_exactly_at_a_kink_the_derivative_is_that_of_the_frameworks():
    """A ReLU passes nothing at zero, and of equals in a window the first gets all."""
    assert ops.relu(np.array([-1.0, 0.0, 1.0]))[1](np.full(3, 7.0)).tolist() == [0, 0, 7]
    assert ops.max_pool(np.ones((1, 1, 2, 2)))[1](np.full((1, 1, 1, 1), 7.0)).ravel().tolist() == [7, 0, 0, 0]


def test_nobody_listens_when_the_block_has_ended():
    with ops.listening() as heard:
        pass
    ops.relu(np.array([1.0, -2.0]))
    assert heard == []
