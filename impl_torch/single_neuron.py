"""A single neuron in PyTorch."""

import torch
import torch.nn.functional as F


def build(params):
    return params["w"], params["b"]


def forward(model, batch):
    return _values(batch["x"], *model)


def negative(model, batch):
    return _values(batch["negative_x"], *model)


def backward(model, batch):
    dx, dw, db = _gradients(batch["x"], *model, "sigmoid", batch["cotangent"])
    return {"grad.x": dx, "grad.w": dw, "grad.b": db}


def backward_relu(model, batch):
    dx, dw, db = _gradients(batch["x"], *model, "relu", batch["cotangent"])
    return {"grad.x": dx, "grad.w": dw, "grad.b": db}


def negative_relu(model, batch):
    _, _, db = _gradients(batch["negative_x"], *model, "relu", batch["cotangent"])
    return {"slope": db}


def unknown(model, batch):
    _, a = _neuron(batch["x"], *model, "swich")
    return {"a": a}


def _neuron(x, w, b, activation):
    """z = w·x + b, a = activation(z).  x, w (d,), b () -> z, a ()."""
    activations = {"sigmoid": torch.sigmoid, "relu": F.relu}
    if activation not in activations:
        raise ValueError(f"unknown activation {activation!r}; choose sigmoid or relu")
    z = (w * x).sum() + b  # a float32 dot of a million adds one after the other; sum() adds pairwise
    return z, activations[activation](z)


def _values(x, w, b):
    z, sigmoid = _neuron(x, w, b, "sigmoid")
    _, relu = _neuron(x, w, b, "relu")
    return {"z": z, "sigmoid": sigmoid, "relu": relu}


def _gradients(x, w, b, activation, cotangent):
    x, w, b = (value.detach().requires_grad_() for value in (x, w, b))
    _, a = _neuron(x, w, b, activation)
    a.backward(cotangent)
    return x.grad, w.grad, b.grad
