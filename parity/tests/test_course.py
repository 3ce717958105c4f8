"""The course's own figures, once more: whoever changes or deletes one in a specification hears of it here.

A task that is not of the course needs no entry.  Values and shapes are those that `known` must hold, and that every
framework is held to; sizes and config are those of `base`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest

from parity import draw, load
from parity.task import Shape


@dataclass(frozen=True)
class Course:
    """What an exercise states."""

    shapes: dict = field(default_factory=dict)  # of inputs and outputs, as known[Shape(name)]
    values: dict = field(default_factory=dict)  # of outputs, as known[name]
    sizes: dict = field(default_factory=dict)  # the part of sizes["base"] that it states
    config: dict = field(default_factory=dict)  # the part of the configuration that it states
    data: tuple[Callable, ...] = ()  # (params, batch) -> whether the drawn inputs are as it says


COURSE = {
    # 1 Introduction and perceptron
    "single_neuron": Course(
        shapes={"x": (64,), "w": (64,), "b": ()},
        values={"negative/relu": 0.0, "negative_relu/slope": 0.0},
        data=(
            lambda params, batch: params["w"] @ batch["x"] + params["b"] > 0,
            lambda params, batch: params["w"] @ batch["negative_x"] + params["b"] < 0,
        ),
    ),
    "perceptron": Course(shapes={"x": (4, 2)}, values={"learn_and/errors": (1, 3, 3, 2, 1, 0)}),
    # 2 MLP and activations
    "mlp": Course(
        shapes={"x": (32, 784), "labels": (32,), "forward/logits": (32, 10)},
        values={
            "summary/shape": (32, 10),
            "summary/by_layer": (200_960, 32_896, 1_290),
            "summary/parameters": 235_146,
        },
        sizes={"n": 32, "inputs": 784, "hidden": 256, "narrow": 128, "classes": 10},
        config={"lr": 0.125},
    ),
    "activations": Course(
        shapes={"x": (4, 5), "sigmoid/a": (4, 5), "relu/a": (4, 5), "softmax/a": (4, 5)},
        values={
            "extremes/sigmoid": (0.0, 0.0, 1.0, 1.0),
            "extremes/relu": (0.0, 0.0, 1000.0, np.inf),
            "extreme_gradients/sigmoid": (0.0, 0.0, 0.0, 0.0),
        },
        data=(lambda params, batch: {-np.inf, -1000, 1000, np.inf} == {*batch["extreme"]},),
    ),
    # 3 Forward propagation and loss
    "layer_shapes": Course(
        shapes={"x": (16, 20), "forward/y": (16, 4)},
        values={
            **{f"batch/{layer}": (16, width) for layer, width in enumerate((32, 32, 16, 16, 4))},
            **{f"one/{layer}": (1, width) for layer, width in enumerate((32, 32, 16, 16, 4))},
        },
        sizes={"n": 16, "inputs": 20},
    ),
    "losses": Course(
        shapes={
            **dict.fromkeys(("prediction", "target", "z", "truth"), (64, 1)),
            **dict.fromkeys(("forward/mse", "forward/cross_entropy", "forward/bce"), ()),
            **dict.fromkeys(("backward/grad.prediction", "backward/grad.z"), (64, 1)),
            **dict.fromkeys(("logits", "backward/grad.logits"), (64, 10)),
            "labels": (64,),
        },
        data=(
            lambda params, batch: batch["labels"].dtype.kind == "i",
            lambda params, batch: {*batch["truth"].ravel().tolist()} == {0, 1},
        ),
    ),
    "loss_misuse": Course(
        shapes={
            **dict.fromkeys(("prediction", "z", "truth"), (64, 1)),
            **dict.fromkeys(("target", "labels"), (64,)),
            **dict.fromkeys(("logits", "one_hot"), (64, 10)),
            "fixed/mse": (),
        },
        data=(
            lambda params, batch: batch["out_of_range"].max() == 12,
            lambda params, batch: batch["negative"].min() == -1,
            lambda params, batch: batch["one_hot"].dtype.kind == batch["truth"].dtype.kind == "i",
        ),
    ),
    # 4 Gradient descent and backpropagation
    "sgd_step": Course(
        shapes={"x": (32, 20), "target": (32, 1)},
        values={"descent/finite": True, "zeroing/norm_after": 0.0, "zeroing/none_after": True},
        config={"lr": 0.125},
    ),
    "dead_relu": Course(
        shapes={"x": (32, 20), "dead_x": (32, 20)},
        values={
            "dead/a": np.zeros((32, 64)),
            "dead/grad.dead_x": np.zeros((32, 20)),
            "dead/grad.fc.weight": np.zeros((64, 20)),
            "dead/grad.fc.bias": np.zeros(64),
        },
        data=(
            lambda params, batch: (batch["dead_x"] @ params["fc.weight"].T + params["fc.bias"] < 0).all(),
            lambda params, batch: (batch["x"] @ params["fc.weight"].T + params["fc.bias"] > 0).any(),
        ),
    ),
    # 5 Computational graphs
    "scalar_graph": Course(
        values={
            "forward/u": 7.0,
            "forward/loss": 49.0,
            "backward/grad.a": 42.0,
            "backward/grad.b": 28.0,
            "backward/grad.c": 14.0,
        },
        data=(lambda params, batch: [float(params[name]) for name in "abc"] == [2, 3, 1],),
    ),
    "second_derivative": Course(
        shapes={"hessian/hessian": (3, 3)},
        values={
            "square/first": 4.0,
            "square/second": 2.0,
            "gradients/loss": 49.0,
            "gradients/returned": (42.0, 28.0, 14.0),
            "gradients/accumulated": (42.0, 28.0, 14.0),
            "gradients/equal": True,
            "hessian/hessian": [[18.0, 26.0, 6.0], [26.0, 8.0, 4.0], [6.0, 4.0, 2.0]],
            "hessian/product": (-10.0, 26.0, 6.0),
        },
        data=(lambda params, batch: [float(params[name]) for name in "abc"] == [2, 3, 1],),
    ),
    # 6 Design, initialisation, batch normalisation
    "wide_vs_deep": Course(),
    "init_schemes": Course(),
    "batch_norm": Course(),
    # 7 Overfitting and dropout
    "overfit": Course(),
    "dropout": Course(),
    # 8 Optimizers, learning rate, vanishing gradients
    "optimizers": Course(),
    "lr_schedules": Course(),
    "vanishing_gradient": Course(),
    # 9 CNN, RNN, attention, transfer learning
    "conv_block": Course(),
    "lstm": Course(),
    "attention": Course(),
    "resnet18_transfer": Course(),
    # 10 Metrics and frameworks
    "metrics": Course(),
    "classifier_fit": Course(),
    # 11 Shapes, loss interfaces and device
    "linear_chain": Course(),
    "conv_shapes": Course(),
    "cross_entropy_nll": Course(),
    "device_move": Course(),
    # 12 Debugging drills
    "drill_zero_grad": Course(),
    "drill_softmax_loss": Course(),
    "drill_eval_mode": Course(),
    # 13 A week's rhythm
    "digits_training": Course(),
    "batch_norm_ablation": Course(),
}


@pytest.fixture(params=COURSE)
def exercise(request):
    return load(request.param), COURSE[request.param]


def test_every_figure_that_the_exercise_states_is_known(exercise):
    task, course = exercise
    known = {name: value for name, value in task.known.items() if not isinstance(name, Shape)}
    shapes = {name.of: tuple(value) for name, value in task.known.items() if isinstance(name, Shape)}
    assert {name: np.asarray(value).tolist() for name, value in known.items()} == {
        name: np.asarray(value).tolist() for name, value in course.values.items()
    }
    assert shapes == course.shapes


def test_the_sizes_and_constants_are_those_of_the_exercise(exercise):
    task, course = exercise
    assert {name: task.sizes["base"].get(name) for name in course.sizes} == course.sizes
    assert {name: task.config.get(name) for name in course.config} == course.config


def test_the_inputs_are_as_the_exercise_says(exercise):
    task, course = exercise
    arrays = draw(task, "base")
    for holds in course.data:
        assert holds(*arrays)


def test_every_exercise_of_the_course_states_something(exercise):
    assert exercise[1] != Course()
