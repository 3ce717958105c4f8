"""Each exercise shows what its lesson states: the drills' mistakes have the stated cost, in every framework."""

import numpy as np
import pytest

from parity import draw, load, run


@pytest.fixture
def outputs(framework):
    """The outputs of a task at its own size, by name."""
    return lambda task: run(task, framework, dtype="float32", size="base")


def test_a_forgotten_zero_grad_doubles_the_gradient_and_explodes(outputs):
    found = outputs("drill_zero_grad")
    np.testing.assert_array_equal(found["broken/twice"], 2 * found["broken/once"])
    np.testing.assert_array_equal(found["fixed/twice"], found["fixed/once"])
    broken, fixed = found["broken/losses"], found["fixed/losses"]
    assert broken[-1] > 10 * broken[0]
    assert fixed.max() <= 1.5 * fixed[0]
    assert fixed[-1] < fixed[0]


def test_a_softmax_before_the_loss_keeps_it_from_falling(outputs):
    found = outputs("drill_softmax_loss")
    broken, fixed = (found[f"{stage}/losses"] for stage in ("broken", "fixed"))
    assert broken[0] - broken[-1] < 0.1 * (fixed[0] - fixed[-1])


def test_dropout_left_on_costs_accuracy(outputs):
    found = outputs("drill_eval_mode")
    assert found["broken/accuracy"] < 0.5 < 0.9 < found["fixed/accuracy"]
    assert found["broken/loss"] > 2 * found["fixed/loss"]


def test_overfitting_leaves_a_gap(outputs):
    found = outputs("overfit")
    assert found["train/accuracy"][-1] == 1
    assert (found["train/accuracy"][:-1] < 1).all()  # training stops at the first epoch without an error
    assert found["train/gap"][-1] > 0.1
    np.testing.assert_array_equal(found["train/gap"], found["train/accuracy"] - found["train/validation_accuracy"])


def test_the_gradient_fades_towards_the_first_layer(outputs):
    found = outputs("vanishing_gradient")
    for activation in ("tanh", "relu"):
        norms = found[f"{activation}/norms"]
        assert (np.diff(norms) > 0).all()
        assert found[f"{activation}/first"] == norms[0]


def test_a_dead_relu_passes_nothing_back(outputs):
    found = outputs("dead_relu")
    assert not any(found[name].any() for name in found if name.startswith("dead/grad"))
    assert any(found[name].any() for name in found if name.startswith("mixed/grad"))


def test_wide_and_deep_both_learn(outputs):
    found = outputs("wide_vs_deep")
    for net in ("wide", "deep"):
        assert found[f"train/{net}"][-1] < found[f"train/{net}"][0] / 4


def test_kaiming_keeps_the_deviation_through_relus_and_xavier_loses_it(outputs):
    found = outputs("init_schemes")
    xavier, kaiming = found["xavier/deviations"], found["kaiming/deviations"]
    assert kaiming[-1] / kaiming[0] > 0.9 > 0.75 > xavier[-1] / xavier[0]


def test_normalisation_learns_faster(outputs):
    found = outputs("batch_norm_ablation")
    assert (found["normalised/loss"] < found["plain/loss"]).all()
    assert found["normalised/validation_correct"][0] > found["plain/validation_correct"][0]


def test_real_digits_are_learned(outputs):
    found = outputs("digits_training")
    assert found["train/validation_correct"][-1] > 0.93 * 360
    assert found["train/loss"][-1] < found["train/loss"][0] / 5


def test_a_perceptron_learns_and_but_never_xor(outputs):
    found = outputs("perceptron")
    assert found["learn_and/errors"][-1] == 0
    assert (found["learn_xor/errors"] > 0).all()
    state, again = found["learn_xor/repeats"], -1  # the last epoch repeats the state of that epoch
    np.testing.assert_array_equal(found["learn_xor/w"][state], found["learn_xor/w"][again])
    assert found["learn_xor/b"][state] == found["learn_xor/b"][again]
    assert (found["learn_xor/mse"] > 0).all()


def test_dropout_is_the_identity_in_evaluation(outputs):
    found = outputs("dropout")
    assert all(np.array_equal(y, found["evaluate/y"][0]) for y in found["evaluate/y"])
    _, batch = draw(load("dropout"), "base")
    np.testing.assert_array_equal(found["train/y"] != 0, batch["mask"])  # in training it drops what the mask says
