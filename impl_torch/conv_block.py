"""Convolution block in PyTorch."""

import torch
from torch import nn


class ConvBlock(nn.Module):
    def __init__(self, channels, filters):
        super().__init__()
        self.conv = nn.Conv2d(channels, filters, 3, padding=1)
        self.relu = nn.ReLU()
        self.pool = nn.MaxPool2d(2)
        self.down = nn.Conv2d(filters, filters, 3, stride=2, padding=1)  # can take the pool's place

    def forward(self, x):
        return self.pool(self.relu(self.conv(x)))


def build(params):
    filters, channels, *_ = params["conv.weight"].shape
    model = ConvBlock(channels, filters)
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
    y = model.down(model.relu(model.conv(x)))
    y.backward(batch["cotangent.down"], inputs=[x, *model.down.parameters()])
    dw, db = (w.grad for w in model.down.parameters())
    return {"y": y, "grad.x": x.grad, "grad.down.weight": dw, "grad.down.bias": db}


def layers(model, batch):
    with torch.no_grad():
        z = model.conv(batch["x"])
        a = model.relu(z)
        return {"conv": z, "relu": a, "pool": model.pool(a), "down": model.down(a)}
