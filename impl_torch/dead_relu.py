"""Dead ReLUs in PyTorch."""

import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.fc = nn.Linear(inputs, hidden)

    def forward(self, x):
        return F.relu(self.fc(x))


def build(params):
    hidden, inputs = params["fc.weight"].shape
    net = Net(inputs, hidden)
    net.load_state_dict(params, assign=True)
    return net


def dead(model, batch):
    a, dx, dw, db = _gradients(model, batch["dead_x"], batch["cotangent"])
    return {"a": a, "grad.dead_x": dx, "grad.fc.weight": dw, "grad.fc.bias": db}


def mixed(model, batch):
    a, dx, dw, db = _gradients(model, batch["x"], batch["cotangent"])
    return {"a": a, "grad.x": dx, "grad.fc.weight": dw, "grad.fc.bias": db}


def counts(model, batch):
    dead_a, dead_dx, _, _ = _gradients(model, batch["dead_x"], batch["cotangent"])
    mixed_a, mixed_dx, _, _ = _gradients(model, batch["x"], batch["cotangent"])
    return {
        "active": [torch.count_nonzero(a > 0) for a in (dead_a, mixed_a)],
        "activations": [a.numel() for a in (dead_a, mixed_a)],
        "nonzero": [torch.count_nonzero(dx) for dx in (dead_dx, mixed_dx)],
        "elements": [dx.numel() for dx in (dead_dx, mixed_dx)],
    }


def _gradients(model, x, cotangent):
    x = x.detach().requires_grad_()
    model.zero_grad()
    a = model(x)
    a.backward(cotangent)
    return a, x.grad, model.fc.weight.grad, model.fc.bias.grad
