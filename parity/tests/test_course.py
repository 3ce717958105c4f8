"""The course's own figures, once more: whoever changes or deletes one in a specification hears of it here.

A task that is not of the course needs no entry.  Values and shapes are those that `known` must hold, and that every
framework is held to; sizes and config are those of `base`.
"""

import math
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
    "wide_vs_deep": Course(
        shapes={"x": (128, 2), "target": (128, 1), "train/wide": (30,), "train/deep": (30,)},
        values={"count/parameters": (881, 881), "count/within_2_percent": True},
        sizes={"epochs": 30},
        data=(
            # y = sin(x0) + 0.1 noise
            lambda params, batch: 0.08 < np.std(batch["target"] - np.sin(batch["x"][:, :1])) < 0.12,
        ),
    ),
    "init_schemes": Course(
        shapes={
            "x": (32, 784),
            "xavier/0.weight": (256, 784),
            "xavier/2.weight": (256, 256),
            "xavier/4.weight": (10, 256),
        },
        values={"native/within_bounds": True},
        sizes={"inputs": 784, "hidden": 256, "classes": 10},
    ),
    "batch_norm": Course(
        shapes={
            "x": (32, 784),
            "fc1.weight": (256, 784),
            "fc2.weight": (256, 256),
            "fc3.weight": (10, 256),
            "image": (8, 16, 16, 16),
            "forward/y": (32, 10),
            "forward/y.image": (8, 16, 16, 16),
            "evaluate_one/y": (1, 10),
        },
        sizes={"inputs": 784, "hidden": 256, "classes": 10},
    ),
    # 7 Overfitting and dropout
    "overfit": Course(),
    "dropout": Course(),
    # 8 Optimizers, learning rate, vanishing gradients
    "optimizers": Course(
        shapes={"sgd/losses": (20,), "adam/losses": (20,), "order": (20, 4, 32)},
        sizes={"epochs": 20},
        config={"momentum": 0.875, "beta1": 0.875, "beta2": 1 - 2**-10},  # representable, near 0.9, 0.9 and 0.999
        data=(lambda params, batch: all(sorted(epoch.ravel()) == list(range(128)) for epoch in batch["order"]),),
    ),
    "lr_schedules": Course(
        shapes={"order": (8, 4, 32)},
        values={
            f"{stage}/rates": rates
            for stages, rates in (
                (("step_lr", "step_lr_given"), [1 / 4] * 3 + [1 / 8] * 3 + [1 / 16] * 2),
                (("cosine", "cosine_given"), [2**-6 + 15 / 128 * (1 + math.cos(math.pi * t / 8)) for t in range(8)]),
            )
            for stage in stages
        },
        sizes={"epochs": 8},
        config={"lr": 0.25, "momentum": 0.875, "step_size": 3, "gamma": 0.5, "t_max": 8, "eta_min": 2**-6},
    ),
    "vanishing_gradient": Course(
        shapes={
            "x": (32, 20),
            "default.0.weight": (64, 20),
            "default.8.weight": (1, 64),
            "tanh/norms": (5,),
            "tanh/rms": (4,),
        },
        sizes={"inputs": 20, "width": 64},
        data=(
            # torch's default, uniform within 1/√inputs; Kaiming's bound is √6 of that
            lambda params, batch: (
                abs(params["default.2.weight"]).max() <= 64**-0.5 < 8 / 7.9 * abs(params["default.2.weight"]).max()
            ),
            lambda params, batch: np.allclose(params["kaiming.2.weight"], params["default.2.weight"] * 6**0.5),
        ),
    ),
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
