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
from parity.task import Matrix, Shape, Table, apart


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
        values={"count/parameters": (881, 881)},
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
        values={"native/xavier_fits": (True, True, True), "native/kaiming_fits": (True, True, True)},
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
            "evaluate/unchanged": 10 * 64 * 256,
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
            lambda params, batch: apart(params["kaiming.2.weight"], params["default.2.weight"] * 6**0.5) < 2**-40,
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
        values={"shuffling/seen": np.tile(np.arange(1408), (20, 1)), "shuffling/unshuffled": 1.0},
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

# What each exercise prints, in words: a heading and the output that stands under it.
PRINTS = {
    "single_neuron": (
        "at x, value, difference to torch: z = forward/z Gap(forward/z), sigmoid = forward/sigmoid "
        "Gap(forward/sigmoid), relu = forward/relu Gap(forward/relu)",
        "at x mirrored, value, difference to torch: z = negative/z Gap(negative/z), sigmoid = "
        "negative/sigmoid Gap(negative/sigmoid), relu = negative/relu Gap(negative/relu)",
        "activation, what comes of it: swich = Error(unknown)",
    ),
    "perceptron": (
        "epoch: w = learn_and/w, b = learn_and/b, errors = learn_and/errors",
        "epoch: w = learn_xor/w, b = learn_xor/b, errors = learn_xor/errors, MSE = learn_xor/mse",
        "XOR, epoch: w and b of the last epoch are those of = learn_xor/repeats",
    ),
    "mlp": (
        "layer: parameters = summary/by_layer",
        "model, value: parameters in all = summary/parameters, output = Shape(forward/logits)",
        "batch, value: loss = forward/loss",
    ),
    "activations": (
        "matrix sigmoid/a",
        "matrix relu/a",
        "matrix softmax/a",
        "activation, gap: sigmoid = Gap(sigmoid/a), relu = Gap(relu/a), softmax = Gap(softmax/a)",
        "x: sigmoid = extremes/sigmoid, its gradient = extreme_gradients/sigmoid, relu = extremes/relu",
        "matrix extremes/softmax",
        "matrix unstable/is_nan",
    ),
    "layer_shapes": (
        "layer, B=16, B=1: 0 Linear 20 -> 32 = batch/0 one/0, 1 ReLU = batch/1 one/1, 2 Linear 32 -> 16 ="
        " batch/2 one/2, 3 ReLU = batch/3 one/3, 4 Linear 16 -> 4 = batch/4 one/4",
    ),
    "losses": (
        "loss, value, shape of its gradient: MSE = forward/mse Shape(backward/grad.prediction), cross-entropy = "
        "forward/cross_entropy Shape(backward/grad.logits), BCE with logits = forward/bce "
        "Shape(backward/grad.z)",
    ),
    "loss_misuse": (
        "mistake, what comes of it: MSE, targets (B,) = Error(mse_broadcast), the same, warnings made "
        "errors = Error(mse_warning), cross-entropy, float labels = Error(float_labels), cross-entropy, "
        "labels (B, 1) = Error(column_labels), cross-entropy, one-hot integers = Error(one_hot_labels), "
        "cross-entropy, one-hot floats = Error(one_hot_floats), cross-entropy, label C + 2 = "
        "Error(label_out_of_range), cross-entropy, label -1 = Error(negative_label), BCE, targets (B,) = "
        "Error(bce_broadcast), BCE, integer targets = Error(integer_bce)",
        "the fix, loss: MSE, targets (B, 1) = fixed/mse, cross-entropy, integer labels (B,) = "
        "fixed/cross_entropy, BCE, float targets (B, 1) = fixed/bce",
    ),
    "sgd_step": (
        "loss, value: before the step = descent/before, after the step = descent/after",
        "first layer's weight gradient, norm: before zeroing = zeroing/norm_before, after a second "
        "backward = zeroing/norm_twice, after zeroing to zeros = zeroing/norm_after",
        "after zeroing to None, holds: every gradient is None = zeroing/none_after",
    ),
    "dead_relu": (
        "batch: active units = counts/active, of = counts/activations, non-zero gradients = "
        "counts/nonzero, of all = counts/elements",
    ),
    "scalar_graph": (
        "at a = 2, b = 3, c = 1, value: u = a b + c = forward/u, L = u² = forward/loss, dL/da = "
        "backward/grad.a, dL/db = backward/grad.b, dL/dc = backward/grad.c",
    ),
    "second_derivative": (
        "by: returned (autograd.grad) = gradients/returned, accumulated (.backward) = gradients/accumulated",
        "of a² at 2, value: first derivative = square/first, second = square/second",
        "matrix hessian/hessian",
        "matrix hessian/product",
        "an MLP's Hessian times a direction, shape: for hidden.weight = Shape(hvp/hidden.weight), for "
        "hidden.bias = Shape(hvp/hidden.bias), for out.weight = Shape(hvp/out.weight), for out.bias = "
        "Shape(hvp/out.bias)",
    ),
    "wide_vs_deep": (
        "epoch: wide MSE = train/wide, deep MSE = train/deep",
        "net: parameters = count/parameters, final MSE = train/final",
    ),
    "init_schemes": (
        "layer: Xavier = xavier/deviations, Kaiming = kaiming/deviations",
        "layer: Xavier = native/xavier",
        "layer: Kaiming = native/kaiming",
        "layer: default = native/default",
        "layer: is Xavier's = native/default_is_xavier, is Kaiming's = native/default_is_kaiming",
    ),
    "batch_norm": (
        "batch of one, output: train = Error(train_one), eval = evaluate_one/y",
        "channel: mean = statistics/running_mean, variance = statistics/running_var",
        "channel: mean = statistics/aligned_mean, variance = statistics/aligned_var",
    ),
    "overfit": (
        "epoch: train accuracy = train/accuracy, validation accuracy = train/validation_accuracy, gap = train/gap",
    ),
    "dropout": (
        "forward: mean = native/mean, kept = native/kept",
        "forward: mean = evaluate/mean, kept = evaluate/kept",
        ", variance: training = native/variance, evaluation = evaluate/variance",
        ", holds: F.dropout(training=True) is the layer = functional/equals_layer, a bare call drops = bare/drops",
    ),
    "optimizers": (
        "epoch: SGD = sgd/losses, Adam = adam/losses",
        ", SGD, Adam: L2 norm of the final weights = sgd/norm adam/norm, weights moved by the rate at "
        "first = first_update/sgd_by_rate first_update/adam_by_rate, of all weights = "
        "first_update/weights first_update/weights",
        "epoch: SGD = textbook/sgd_losses, Adam = textbook/adam_losses",
        "constants, SGD, Adam: exact: loss = Gap(sgd/losses) Gap(adam/losses), textbook's: loss = "
        "Gap(textbook/sgd_losses) Gap(textbook/adam_losses), textbook's: norm = Gap(textbook/sgd_norm) "
        "Gap(textbook/adam_norm)",
    ),
    "lr_schedules": (
        "epoch: StepLR = step_lr/rates, Cosine = cosine/rates",
        "epoch: StepLR = step_lr/losses, Cosine = cosine/losses",
        "epoch: StepLR = step_lr_given/losses, Cosine = cosine_given/losses",
        "epoch: aligned = step_lr/velocity, given = step_lr_given/velocity",
        "schedule, StepLR, Cosine: aligned = Gap(step_lr/losses) Gap(cosine/losses), given = "
        "Gap(step_lr_given/losses) Gap(cosine_given/losses)",
    ),
    "vanishing_gradient": (
        "layer: tanh = tanh/norms, ReLU = relu/norms, ReLU + Kaiming = kaiming/norms",
        "layer: tanh = tanh/rms, ReLU = relu/rms, ReLU + Kaiming = kaiming/rms",
        "first / last, tanh, ReLU, ReLU + Kaiming: .grad.norm() = tanh/norm_ratio relu/norm_ratio "
        "kaiming/norm_ratio, RMS gradient = tanh/rms_ratio relu/rms_ratio kaiming/rms_ratio",
    ),
    "conv_block": (
        "layer, shape: Conv2d(3, 64, 3, padding=1) = Shape(layers/conv), ReLU = Shape(layers/relu), "
        "MaxPool2d(2) = Shape(layers/pool), or Conv2d(64, 64, 3, stride=2, padding=1) = "
        "Shape(layers/down)",
    ),
    "lstm": (
        "tensor, shape: the sequence of hidden states = Shape(forward/y), the last hidden state = "
        "Shape(forward/h), the last cell state = Shape(forward/c)",
    ),
    "attention": (
        "tensor, shape: output = Shape(forward/y), weights, averaged over the heads = Shape(forward/weights)",
    ),
    "resnet18_transfer": (
        ", value: classes of fc as it is built = moved/built, classes of fc in its place = moved/classes,"
        " shape of the logits = Shape(forward/logits), loss before the step = forward/loss",
        "tensors of: in all = moved/tensors, with a gradient = moved/gradients, moved by the step = moved/moved",
    ),
    "metrics": (
        "metric, ours, scikit-learn: accuracy = accuracy/accuracy scikit_learn/accuracy, precision = "
        "binary/precision scikit_learn/binary.precision, recall = binary/recall "
        "scikit_learn/binary.recall, precision, no positive prediction = no_positive/precision "
        "scikit_learn/no_positive.precision, recall, no positive prediction = no_positive/recall "
        "scikit_learn/no_positive.recall, precision, none in the labels = none_true/precision "
        "scikit_learn/none_true.precision, recall, none in the labels = none_true/recall "
        "scikit_learn/none_true.recall",
        "counted with masks, TP, FP, FN: the labels and scores as they are = binary/counts, no positive "
        "prediction = no_positive/counts, none in the labels = none_true/counts",
    ),
    "classifier_fit": (
        "epoch: fit = fit/losses, textbook = textbook/losses, no epsilon = no_epsilon/losses",
        "training, last, Δ to torch: fit = Final(fit/losses) Gap(fit/losses), "
        "textbook = Final(textbook/losses) Gap(textbook/losses), "
        "no epsilon = Final(no_epsilon/losses) Gap(no_epsilon/losses)",
    ),
    "linear_chain": (
        "layer, shape: x = Shape(backward/grad.x), Linear(784, 256) = Shape(forward/z), Linear(256, 10) ="
        " Shape(forward/y)",
    ),
    "conv_shapes": (
        "layer, shape: Conv2d(3, 64, 3, padding=1) = Shape(forward/y)",
        "case: k = grid/kernel, p = grid/padding, s = grid/stride, formula = grid/formula, layer = grid/layer",
    ),
    "cross_entropy_nll": (
        ", loss, Δ gradient to torch: CrossEntropyLoss = cross_entropy/loss "
        "Gap(cross_entropy/grad.logits), NLLLoss(log_softmax) = nll/loss Gap(nll/grad.logits)",
    ),
    "device_move": (
        "an input left on the CPU, : and the model on CUDA = Printed(left_behind)",
        "layer, shape: the output, model and input together = Shape(forward/y)",
    ),
    "drill_zero_grad": (
        "passes: without zeroing = broken/norms, with zeroing = fixed/norms",
        ", without zeroing, with zeroing: two passes give exactly twice the gradient = broken/is_twice "
        "fixed/is_twice, nothing is left before the second = broken/cleared fixed/cleared",
        "step: loss broken = broken/losses, loss fixed = fixed/losses",
    ),
    "drill_softmax_loss": (
        "step: loss broken = broken/losses, loss fixed = fixed/losses",
        ", broken, fixed: last loss / first = broken/remains fixed/remains",
    ),
    "drill_eval_mode": (
        "call: loss broken = broken/loss, loss fixed = fixed/loss",
        "call: accuracy broken = broken/accuracy, accuracy fixed = fixed/accuracy",
        ", broken, fixed: the loss changes from call to call = native/train_varies native/eval_varies",
    ),
    "digits_training": (
        "epoch: train loss = train/loss, train accuracy = train/accuracy, validation loss = "
        "train/validation_loss, validation accuracy = train/validation_accuracy",
    ),
    "batch_norm_ablation": (
        "epoch: plain = plain/loss, normalised = normalised/loss",
        "epoch: plain = plain/validation_loss, normalised = normalised/validation_loss",
        "epoch: plain = plain/validation_accuracy, normalised = normalised/validation_accuracy",
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


def test_every_heading_stands_over_its_own_output(exercise):
    """A printed line that is lost, or two columns exchanged, are heard of here."""
    task, _ = exercise
    assert tuple(map(described, task.shows)) == PRINTS[task.name]


def described(show):
    """What a show prints, in words."""
    if isinstance(show, Table):
        return f"{show.row}: " + ", ".join(f"{heading} = {key}" for heading, key in show.columns.items())
    if isinstance(show, Matrix):
        return f"matrix {show.of}"
    rows = (f"{name} = {' '.join(map(_cell, cells))}" for name, cells in show.rows.items())
    return f"{', '.join(show.columns)}: {', '.join(rows)}"


def _cell(cell):
    if isinstance(cell, str):
        return cell
    return f"{type(cell).__name__}({cell.of if hasattr(cell, 'of') else cell.stage})"
