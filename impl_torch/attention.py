"""Multi-head self-attention in PyTorch."""

import torch
from torch import nn


def build(params, heads):
    with torch.device("meta"):  # the weights are given, so none are drawn
        model = nn.MultiheadAttention(len(params["out_proj.bias"]), heads, batch_first=True)  # MHA-BF
    model.load_state_dict(params, assign=True)
    return model


def forward(model, batch):
    x = batch["x"]
    with torch.no_grad():
        y, weights = model(x, x, x)
    return {"y": y, "weights": weights}


def backward(model, batch):
    x = batch["x"].detach().requires_grad_()
    model.zero_grad()
    torch.autograd.backward(model(x, x, x), [batch["cotangent"], batch["cotangent.weights"]])
    return {"grad.x": x.grad, **{f"grad.{name}": w.grad for name, w in model.named_parameters()}}


def shapes(model, batch):
    y, weights = model(batch["x"], batch["x"], batch["x"])
    return {"y": y.shape, "weights": weights.shape}
