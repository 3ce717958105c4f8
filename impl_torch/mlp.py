"""Multilayer perceptron in PyTorch."""

import torch
from torch import nn


def build(params, lr):
    widths = [params["0.weight"].shape[1], *(params[f"{layer}.bias"].shape[0] for layer in (0, 2, 4))]
    net = nn.Sequential(
        nn.Linear(widths[0], widths[1]),
        nn.ReLU(),
        nn.Linear(widths[1], widths[2]),
        nn.ReLU(),
        nn.Linear(widths[2], widths[3]),
    )
    net.load_state_dict(params, assign=True)  # in place of the weights that it drew (INIT-DENSE-W)
    weights = dict(net.named_parameters())
    return net, weights, nn.CrossEntropyLoss(), torch.optim.SGD(net.parameters(), lr=lr)


def forward(model, batch):
    net, _, criterion, _ = model
    with torch.no_grad():
        logits = net(batch["x"])
        return {"logits": logits, "loss": criterion(logits, batch["labels"])}


def backward(model, batch):
    net, weights, criterion, optimizer = model
    x = batch["x"].detach().requires_grad_()
    optimizer.zero_grad()
    loss = criterion(net(x), batch["labels"])
    loss.backward()
    return {"loss": loss, "grad.x": x.grad, **{f"grad.{name}": w.grad for name, w in weights.items()}}


def step(model, batch):
    net, weights, criterion, optimizer = model
    optimizer.zero_grad()
    loss = criterion(net(batch["x"]), batch["labels"])
    loss.backward()
    optimizer.step()
    return {"loss": loss, **{f"grad.{name}": w.grad for name, w in weights.items()}, **weights}


def summary(model, batch):
    net, *_ = model
    linear = [layer for layer in net if isinstance(layer, nn.Linear)]
    return {
        "shape": net(batch["x"]).shape,
        "by_layer": [sum(w.numel() for w in layer.parameters()) for layer in linear],
        "parameters": sum(w.numel() for w in net.parameters()),
    }
