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
    "single_neuron": Course(),
    "perceptron": Course(shapes={"x": (4, 2)}, values={"learn_and/errors": (1, 3, 3, 2, 1, 0)}),
    # 2 MLP and activations
    "mlp": Course(),
    "activations": Course(),
    # 3 Forward propagation and loss
    "layer_shapes": Course(),
    "losses": Course(),
    "loss_misuse": Course(),
    # 4 Gradient descent and backpropagation
    "sgd_step": Course(),
    "dead_relu": Course(),
    # 5 Computational graphs
    "scalar_graph": Course(),
    "second_derivative": Course(),
    # 6 Design, initialisation, batch normalisation
    "wide_vs_deep": Course(),
    "init_schemes": Course(),
    "batch_norm": Course(),
    # 7 Overfitting and dropout
    "overfit": Course(
        shapes={"x": (50, 64), "labels": (50,)},
        sizes={"n": 50},
        data=(lambda params, batch: set(np.unique(batch["x"] * 16)) <= set(range(17)),),  # real digits
    ),
    "dropout": Course(
        shapes={"native/mean": (10,), "native/kept": (10,), "evaluate/mean": (10,)},
        values={
            "evaluate/calls": 10,
            "evaluate/unchanged": True,
            "evaluate/kept": [1.0] * 10,
            "evaluate/variance": 0,
            "functional/equals_layer": True,
        },
        config={"p": 0.5},
        data=(
            lambda params, batch: abs(batch["mask"].mean() - 0.5) < 0.05,
            lambda params, batch: abs(batch["quarter_mask"].mean() - 0.75) < 0.05,
        ),
    ),
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
    "drill_zero_grad": Course(
        values={
            "broken/is_twice": True,
            "fixed/is_twice": False,
            "broken/cleared": False,
            "fixed/cleared": True,
        },
    ),
    "drill_softmax_loss": Course(shapes={"broken/losses": (10,), "fixed/losses": (10,)}),
    "drill_eval_mode": Course(
        shapes={"broken/loss": (5,), "fixed/loss": (5,)},
        values={"native/train_varies": True, "native/eval_varies": False},
        config={"p": 0.5},
    ),
    # 13 A week's rhythm
    "digits_training": Course(
        shapes={
            "x": (1408, 64),
            "validation_x": (360, 64),
        },
        values={"shuffling/complete": True},
        config={"epochs": 5, "hidden": 32, "batch": 32, "lr": 0.125, "momentum": 0.875},
        data=(
            lambda params, batch: set(np.unique(batch["x"] * 16)) <= set(range(17)),  # real digits
            lambda params, batch: not {*map(bytes, batch["x"])} & {*map(bytes, batch["validation_x"])},  # a split
            lambda params, batch: batch["order"].shape == (5, 44, 32),
            lambda params, batch: (np.sort(batch["order"].reshape(5, -1)) == np.arange(1408)).all(),  # shuffled
        ),
    ),
    "batch_norm_ablation": Course(
        shapes={
            "x": (1280, 64),
            "validation_x": (360, 64),
            "order": (4, 20, 64),
            "plain/loss": (4,),
            "normalised/loss": (4,),
        },
        data=(
            lambda params, batch: set(np.unique(batch["x"] * 16)) <= set(range(17)),  # real digits
            lambda params, batch: all(  # a layer whose weights were not loaded is seen
                (params[f"bn.{part}"] != default).all()
                for part, default in (("weight", 1), ("bias", 0), ("running_mean", 0), ("running_var", 1))
            ),
        ),
    ),
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
