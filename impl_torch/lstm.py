"""Long short-term memory in PyTorch."""

import torch
from torch import nn


def build(params):
    width, inputs = params["weight_ih_l0"].shape
    model = nn.LSTM(inputs, width // 4, batch_first=True)  # LSTM-OUT: time first by default
    model.load_state_dict(params, assign=True)
    model.bias_hh_l0.requires_grad_(False)  # LSTM-BIAS: two biases would learn at twice the rate
    return model


def forward(model, batch):
    with torch.no_grad():
        y, (h, c) = model(batch["x"])
    return {"y": y, "h": h, "c": c}


def backward(model, batch):
    x = batch["x"].detach().requires_grad_()
    model.zero_grad()
    y, (h, c) = model(x)
    torch.autograd.backward([y, h, c], [batch["cotangent.y"], batch["cotangent.h"], batch["cotangent.c"]])
    return {
        "grad.x": x.grad,
        "grad.weight_ih_l0": model.weight_ih_l0.grad,
        "grad.weight_hh_l0": model.weight_hh_l0.grad,
        "grad.bias_ih_l0": model.bias_ih_l0.grad,
    }
