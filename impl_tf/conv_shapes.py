"""Shapes of convolutions in Keras."""

import itertools

import keras

CASES = list(itertools.product((1, 3, 5, 7), (0, 1, 2), (1, 2, 3)))  # kernel, padding, stride


def build(params):
    return params, _conv(params, 3, 1, 1)


def forward(model, batch):
    _, conv = model
    return {"y": conv(batch["x"])}


def grid(model, batch):
    params, _ = model
    _, height, width, _ = batch["x"].shape
    kernel, padding, stride = zip(*CASES)
    shapes = [_conv(params, *case)(batch["x"]).shape for case in CASES]
    return {
        "kernel": kernel,
        "padding": padding,
        "stride": stride,
        "formula": [[(side + 2 * p - k) // s + 1 for side in (height, width)] for k, p, s in CASES],
        "layer": [(n, c, h, w) for n, h, w, c in shapes],  # channels last (CONV-LAYOUT)
    }


def _conv(params, k, p, s):
    *_, channels, filters = params["conv.weight"].shape
    # "same" would pad so that the stride decides alone, and one side more than the other (CONV-SAME-S2).
    pad, layer = keras.layers.ZeroPadding2D(p), keras.layers.Conv2D(filters, k, strides=s)
    layer.build((None, None, None, channels))
    layer.set_weights([params["conv.weight"][:k, :k], params["conv.bias"]])
    return lambda x: layer(pad(x))
