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
    "conv_block": Course(
        shapes={
            "x": (8, 3, 32, 32),
            "conv.weight": (64, 3, 3, 3),
            "layers/conv": (8, 64, 32, 32),
            "layers/relu": (8, 64, 32, 32),
            "layers/pool": (8, 64, 16, 16),
            "layers/down": (8, 64, 16, 16),
            "forward/y": (8, 64, 16, 16),
            "strided/y": (8, 64, 16, 16),
        }
    ),
    "lstm": Course(
        shapes={"x": (4, 10, 32), "forward/y": (4, 10, 64), "forward/h": (1, 4, 64), "forward/c": (1, 4, 64)},
        sizes={"n": 4, "steps": 10, "inputs": 32, "hidden": 64},
        data=(lambda params, batch: params["bias_ih_l0"].all() and params["bias_hh_l0"].all(),),
    ),
    "attention": Course(
        shapes={"x": (4, 10, 32), "forward/y": (4, 10, 32), "forward/weights": (4, 10, 10)},
        sizes={"n": 4, "steps": 10, "embed": 32},
        config={"heads": 4},
    ),
    "resnet18_transfer": Course(
        shapes={"x": (4, 3, 64, 64), "forward/logits": (4, 5)},
        values={
            "moved/built": 1000,
            "moved/classes": 5,
            "moved/tensors": (2, 60, 40),
            "moved/gradients": (2, 0, 0),
            "moved/moved": (2, 0, 0),
        },
        sizes={"n": 4, "hw": 64, "width": 64, "classes": 5},
    ),
    # 10 Metrics and frameworks
    "metrics": Course(
        shapes={"logits": (200, 10), "score": (200, 1)},
        values={
            "no_positive/precision": 0,
            "no_positive/recall": 0,
            "none_true/precision": 0,
            "none_true/recall": 0,
        },
        data=(
            lambda params, batch: (batch["no_positive"] <= 0).all() and not batch["none_true"].any(),
            lambda params, batch: (batch["score"] == 0).any(),  # some lie exactly at the threshold
        ),
    ),
    "classifier_fit": Course(shapes={"fit/losses": (3,), "textbook/losses": (3,), "no_epsilon/losses": (3,)}),
    # 11 Shapes, loss interfaces and device
    "linear_chain": Course(
        shapes={
            "x": (32, 784),
            "first.weight": (256, 784),
            "second.weight": (10, 256),
            "forward/z": (32, 256),
            "forward/y": (32, 10),
        },
    ),
    "conv_shapes": Course(shapes={"x": (4, 3, 32, 32), "forward/y": (4, 64, 32, 32)}),
    "cross_entropy_nll": Course(shapes={"logits": (64, 10), "cross_entropy/grad.logits": (64, 10)}),
    "device_move": Course(shapes={"x": (32, 784), "forward/y": (32, 10)}),
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
