"""Wide or deep in PyTorch."""

import torch
import torch.nn.functional as F
from torch import nn


def build(params, lr):
    nets = {}
    for net in ("wide", "deep"):
        shapes = [w.shape for name, w in params.items() if name.startswith(net) and name.endswith("weight")]
        with torch.device("meta"):  # the weights are given, so none are drawn
            layers = nn.ModuleList(nn.Linear(i, o) for o, i in shapes)
        layers.load_state_dict(
            {name.removeprefix(f"{net}."): w for name, w in params.items() if name.startswith(net)}, assign=True
        )
        nets[net] = layers, torch.optim.SGD(layers.parameters(), lr=lr)
    return nets


def wide_step(model, batch):
    return _learned("wide", model, _step("wide", model, batch))


def deep_step(model, batch):
    return _learned("deep", model, _step("deep", model, batch))


def train(model, batch):
    losses = {net: torch.stack([_step(net, model, batch) for _ in batch["epochs"]]) for net in model}
    with torch.no_grad():
        final = [F.mse_loss(_forward(net, model, batch["x"]), batch["target"]) for net in model]
    return {**losses, "final": torch.stack(final)}


def count(model, batch):
    wide, deep = (sum(w.numel() for w in layers.parameters()) for layers, _ in model.values())
    return {"parameters": (wide, deep), "within_2_percent": abs(wide - deep) <= 0.02 * wide}


def _step(net, model, batch):
    _, optimizer = model[net]
    optimizer.zero_grad()
    loss = F.mse_loss(_forward(net, model, batch["x"]), batch["target"])
    loss.backward()
    optimizer.step()
    return loss.detach()


def _learned(net, model, loss):
    layers, _ = model[net]
    weights = {f"{net}.{name}": w for name, w in layers.named_parameters()}
    return {"loss": loss, **{f"grad.{name}": w.grad for name, w in weights.items()}, **weights}


def _forward(net, model, a):
    (*hidden, last), _ = model[net]
    for layer in hidden:
        a = torch.tanh(layer(a))
    return last(a)
