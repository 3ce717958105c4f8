"""Shapes of convolutions in NumPy."""

import itertools

from impl_numpy import ops

CASES = list(itertools.product((1, 3, 5, 7), (0, 1, 2), (1, 2, 3)))  # kernel, padding, stride


def build(params):
    return params, _conv(params, 3, 1, 1)


def forward(model, batch):
    _, conv = model
    return {"y": conv(batch["x"])}


def grid(model, batch):
    params, _ = model
    *_, height, width = batch["x"].shape
    kernel, padding, stride = zip(*CASES)
    return {
        "kernel": kernel,
        "padding": padding,
        "stride": stride,
        "formula": [[(side + 2 * p - k) // s + 1 for side in (height, width)] for k, p, s in CASES],
        "layer": [_conv(params, *case)(batch["x"]).shape for case in CASES],
    }


def _conv(params, k, p, s):
    """A layer: a function of x."""
    w, b = params["conv.weight"][:, :, :k, :k], params["conv.bias"]
    return lambda x: ops.conv2d(x, w, b, stride=s, padding=p)[0]
