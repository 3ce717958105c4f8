"""Moving to a device, in NumPy and CuPy."""

import numpy as np

from impl_numpy import ops


def build(params):
    return params


def forward(model, batch):
    z, _ = ops.linear(batch["x"], model["first.weight"], model["first.bias"])
    a, _ = ops.tanh(z)
    y, _ = ops.linear(a, model["second.weight"], model["second.bias"])
    return {"y": y}


def left_behind(model, batch):
    return {"refused": np.array(False)}  # an ndarray is on the CPU: there is nowhere to leave it behind
