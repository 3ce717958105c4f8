"""A single neuron in PyTorch."""

import torch
import torch.nn.functional as F
from torch import nn


class Neuron(nn.Module):
    def __init__(self, w, b):
        super().__init__()
        self.w, self.b = nn.Parameter(w), nn.Parameter(b)

    def forward(self, x):
        return torch.dot(self.w, x) + self.b


def build(params):
    return Neuron(params["w"], params["b"])


def forward(model, batch):
    with torch.no_grad():
        z = model(batch["x"])
        return {"z": z, "sigmoid": _activate(z, "sigmoid"), "relu": _activate(z, "relu")}


def backward(model, batch):
    return _gradients(model, batch, "sigmoid")


def backward_relu(model, batch):
    return _gradients(model, batch, "relu")


def unknown(model, batch):
    return {"a": _activate(model(batch["x"]), "swich")}


def _activate(z, name):
    activations = {"sigmoid": torch.sigmoid, "relu": F.relu}
    if name not in activations:
        raise ValueError(f"unknown activation {name!r}; choose sigmoid or relu")
    return activations[name](z)


def _gradients(model, batch, activation):
    x = batch["x"].detach().requires_grad_()
    model.zero_grad()
    _activate(model(x), activation).backward(batch["cotangent"])
    return {"grad.x": x.grad, "grad.w": model.w.grad, "grad.b": model.b.grad}
