"""Multilayer perceptron in PyTorch."""

import torch
import torch.nn.functional as F
from torch import nn


def build(params, lr):
    widths = [params["0.weight"].shape[1], *(params[f"{layer}.bias"].shape[0] for layer in (0, 2, 4))]
    with torch.device("meta"):  # the weights are given, so none are drawn (INIT-DENSE-W)
        net = nn.Sequential(
            nn.Linear(widths[0], widths[1]),
            nn.ReLU(),
            nn.Linear(widths[1], widths[2]),
            nn.ReLU(),
            nn.Linear(widths[2], widths[3]),
        )
    net.load_state_dict(params, assign=True)
    weights = dict(net.named_parameters())
    return net, weights, torch.optim.SGD(weights.values(), lr=lr)


def forward(model, batch):
    net, *_ = model
    with torch.no_grad():
        logits = net(batch["x"])
        return {"logits": logits, "loss": F.cross_entropy(logits, batch["labels"])}


def backward(model, batch):
    net, weights, optimizer = model
    x = batch["x"].detach().requires_grad_()
    optimizer.zero_grad()
    loss = F.cross_entropy(net(x), batch["labels"])
    loss.backward()
    return {"loss": loss, "grad.x": x.grad, **{f"grad.{name}": w.grad for name, w in weights.items()}}


def step(model, batch):
    net, weights, optimizer = model
    optimizer.zero_grad()
    loss = F.cross_entropy(net(batch["x"]), batch["labels"])
    loss.backward()
    optimizer.step()
    return {"loss": loss, **{f"grad.{name}": w.grad for name, w in weights.items()}, **weights}


def summary(model, batch):
    net, *_ = model
    return {"shape": net(batch["x"]).shape, "parameters": sum(w.numel() for w in net.parameters())}
