"""Shapes of convolutions in TensorFlow."""

import itertools

import tensorflow as tf

CASES = list(itertools.product((1, 3, 5, 7), (0, 1, 2), (1, 2, 3)))  # kernel, padding, stride


def build(params):
    return params


def forward(model, batch):
    return {"y": _conv(model, batch["x"], 3, 1, 1)}


def grid(model, batch):
    shapes = [_conv(model, batch["x"], *case).shape for case in CASES]
    size = batch["x"].shape[1]
    formula = [(size + 2 * p - k) // s + 1 for k, p, s in CASES]
    return {
        "cases": CASES,
        "shapes": [(n, c, h, w) for n, h, w, c in shapes],  # channels last (CONV-LAYOUT)
        "as_the_formula_says": [(h, w) == (side, side) for (_, h, w, _), side in zip(shapes, formula)],
    }


def _conv(model, x, k, p, s):
    padded = tf.pad(x, [[0, 0], [p, p], [p, p], [0, 0]])  # "same" would pad one side more (CONV-SAME-S2)
    return tf.nn.conv2d(padded, model["conv.weight"][:k, :k], strides=s, padding="VALID") + model["conv.bias"]
