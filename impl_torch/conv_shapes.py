"""Shapes of convolutions in PyTorch."""

import itertools

import torch
from torch import nn

CASES = list(itertools.product((1, 3, 5, 7), (0, 1, 2), (1, 2, 3)))  # kernel, padding, stride


def build(params):
    return params, _conv(params, 3, 1, 1)


def forward(model, batch):
    _, conv = model
    with torch.no_grad():
        return {"y": conv(batch["x"])}


def grid(model, batch):
    params, _ = model
    *_, height, width = batch["x"].shape
    kernel, padding, stride = zip(*CASES)
    return {
        "kernel": kernel,
        "padding": padding,
        "stride": stride,
        "formula": [[(side + 2 * p - k) // s + 1 for side in (height, width)] for k, p, s in CASES],
        "layer": [_conv(params, *case)(batch["x"]).shape for case in CASES],
    }


def _conv(params, k, p, s):
    filters, channels, *_ = params["conv.weight"].shape
    layer = nn.Conv2d(channels, filters, k, stride=s, padding=p)
    layer.load_state_dict({"weight": params["conv.weight"][:, :, :k, :k], "bias": params["conv.bias"]}, assign=True)
    return layer
