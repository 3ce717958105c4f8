"""A chain of linear layers in PyTorch."""

import torch
from torch import nn


class Chain(nn.Module):
    def __init__(self, inputs, hidden, outputs):
        super().__init__()
        self.first, self.second = nn.Linear(inputs, hidden), nn.Linear(hidden, outputs)

    def forward(self, x):
        z = self.first(x)
        return z, self.second(z)


def build(params):
    hidden, inputs = params["first.weight"].shape
    model = Chain(inputs, hidden, len(params["second.bias"]))
    model.load_state_dict(params, assign=True)
    return model


def forward(model, batch):
    with torch.no_grad():
        z, y = model(batch["x"])
    return {"z": z, "y": y}


def backward(model, batch):
    x = batch["x"].detach().requires_grad_()
    model.zero_grad()
    _, y = model(x)
    y.backward(batch["cotangent"])
    return {"grad.x": x.grad, **{f"grad.{name}": w.grad for name, w in model.named_parameters()}}
