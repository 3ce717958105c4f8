"""Activations in PyTorch."""

import torch
import torch.nn.functional as F


def build(params):
    return params


def sigmoid(model, batch):
    return _with_gradient(torch.sigmoid, batch)


def relu(model, batch):
    return _with_gradient(F.relu, batch)


def softmax(model, batch):
    return _with_gradient(_softmax, batch)


def extremes(model, batch):
    return {
        "sigmoid": torch.sigmoid(batch["extreme"]),
        "relu": F.relu(batch["extreme"]),
        "softmax": _softmax(batch["extreme_row"]),
    }


def _softmax(x):
    return F.softmax(x, dim=-1)  # without dim torch picks an axis itself (ACT-SOFTMAX-DIM)


def _with_gradient(activation, batch):
    x = batch["x"].detach().requires_grad_()
    a = activation(x)
    a.backward(batch["cotangent"])
    return {"a": a, "grad.x": x.grad}
