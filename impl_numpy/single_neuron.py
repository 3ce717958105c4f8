"""A single neuron in NumPy."""

import numpy as np

from impl_numpy import ops


def build(params):
    return params


def forward(model, batch):
    z, _ = _sum(model, batch["x"])
    return {"z": z, "sigmoid": _activate(z, "sigmoid")[0], "relu": _activate(z, "relu")[0]}


def backward(model, batch):
    return _gradients(model, batch, "sigmoid")


def backward_relu(model, batch):
    return _gradients(model, batch, "relu")


def unknown(model, batch):
    z, _ = _sum(model, batch["x"])
    return {"a": _activate(z, "swich")[0]}


def _sum(model, x):
    w, b = model["w"], model["b"]
    return np.dot(w, x) + b, lambda dz: (dz * w, dz * x, dz)


def _activate(z, name):
    activations = {"sigmoid": ops.sigmoid, "relu": ops.relu}
    if name not in activations:
        raise ValueError(f"unknown activation {name!r}; choose sigmoid or relu")
    return activations[name](z)


def _gradients(model, batch, activation):
    z, sum_vjp = _sum(model, batch["x"])
    _, activation_vjp = _activate(z, activation)
    dx, dw, db = sum_vjp(activation_vjp(batch["cotangent"]))
    return {"grad.x": dx, "grad.w": dw, "grad.b": db}
