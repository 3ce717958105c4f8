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
    x = batch["x"]
    if isinstance(x, np.ndarray):
        print("there is no CUDA here, so all is on the CPU")
    else:
        x = x.get()  # from CuPy, back to the CPU
    try:
        ops.linear(x, model["first.weight"], model["first.bias"])
    except TypeError as error:
        print(f"refused: {error}")
        return {"refused": np.array(True)}
    return {"refused": np.array(False)}
