"""Shapes through the layers in PyTorch: a forward hook on every module."""

import torch
from torch import nn


def build(params):
    widths = [params["0.weight"].shape[1], *(params[f"{layer}.bias"].shape[0] for layer in (0, 2, 4))]
    net = nn.Sequential(
        nn.Linear(widths[0], widths[1]),
        nn.ReLU(),
        nn.Linear(widths[1], widths[2]),
        nn.ReLU(),
        nn.Linear(widths[2], widths[3]),
    )
    net.load_state_dict(params, assign=True)
    return net


def forward(model, batch):
    with torch.no_grad():
        return {"y": model(batch["x"])}


def batch(model, batch):
    return _shapes(model, batch["x"])


def one(model, batch):
    return _shapes(model, batch["x"][:1])


def _shapes(model, x):
    shapes = {}

    def record(name):
        return lambda module, args, output: shapes.update({name: output.shape})

    hooks = [layer.register_forward_hook(record(name)) for name, layer in model.named_children()]
    model(x)
    for hook in hooks:
        hook.remove()
    return shapes
