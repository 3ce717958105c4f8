"""Convolution block in PyTorch."""

import torch
import torch.nn.functional as F
from torch import nn


class ConvBlock(nn.Module):
    def __init__(self, filters, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, filters, 3, padding=1)

    def forward(self, x):
        return F.max_pool2d(F.relu(self.conv(x)), 2)


def build(params):
    with torch.device("meta"):  # the weights are given, so none are drawn
        model = ConvBlock(*params["conv.weight"].shape[:2])
    model.load_state_dict(params, assign=True)
    return model


def forward(model, batch):
    with torch.no_grad():
        return {"y": model(batch["x"])}


def backward(model, batch):
    x = batch["x"].detach().requires_grad_()
    model.zero_grad()
    model(x).backward(batch["cotangent"])
    return {"grad.x": x.grad, "grad.conv.weight": model.conv.weight.grad, "grad.conv.bias": model.conv.bias.grad}


def strided(model, batch):
    x = batch["x"].detach().requires_grad_()
    model.zero_grad()
    y = F.relu(F.conv2d(x, model.conv.weight, model.conv.bias, stride=2, padding=1))  # in place of the pool
    y.backward(batch["cotangent"])
    return {
        "y": y,
        "grad.x": x.grad,
        "grad.conv.weight": model.conv.weight.grad,
        "grad.conv.bias": model.conv.bias.grad,
    }


def shapes(model, batch):
    z = model.conv(batch["x"])
    a = F.relu(z)
    y = F.max_pool2d(a, 2)
    s = F.conv2d(batch["x"], model.conv.weight, model.conv.bias, stride=2, padding=1)
    return {"conv": z.shape, "relu": a.shape, "pool": y.shape, "strided": s.shape}
