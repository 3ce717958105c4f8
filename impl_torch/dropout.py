"""Dropout in PyTorch."""

import torch
import torch.nn.functional as F
from torch import nn

FORWARDS = 10
QUARTER = 0.25


def build(params, p):
    return nn.Dropout(p)


def train(model, batch):
    return _masked(batch["x"], batch["mask"], model.p, batch["cotangent"])


def quarter(model, batch):
    return _masked(batch["x"], batch["quarter_mask"], QUARTER, batch["cotangent"])


def evaluate(model, batch):
    calls = []
    hook = model.register_forward_hook(lambda module, args, output: calls.append(output))
    model.eval()
    y = torch.stack([model(batch["x"]) for _ in range(FORWARDS)])
    hook.remove()
    return {"y": y, "unchanged": (y == batch["x"]).sum(), "calls": len(calls), **_measured(y)}


def native(model, batch):
    with torch.random.fork_rng():
        torch.seed()
        return _measured(torch.stack([model(batch["x"]) for _ in range(FORWARDS)]))


def functional(model, batch):
    layer = nn.Dropout(QUARTER)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        y = F.dropout(batch["x"], QUARTER, training=True)  # which is its default, in eval mode too (DROP-F)
        torch.manual_seed(0)
        return {"equals_layer": torch.equal(y, layer(batch["x"]))}


def bare(model, batch):
    with torch.random.fork_rng():
        return {"drops": not torch.equal(model(batch["x"]), batch["x"])}  # in training mode (DROP-MODE)


def _masked(x, mask, p, cotangent):
    x = x.detach().requires_grad_()
    y = x * mask / (1 - p)  # scaled in training (DROP-SCALE)
    y.backward(cotangent)
    return {"y": y, "grad.x": x.grad}


def _measured(y):
    """Of each forward the mean and the fraction kept; the variance across the forwards, the mean of all elements."""
    across = y - y[0]  # equal forwards have exactly no variance, which their rounded mean would blur
    return {
        "mean": y.mean((1, 2)),
        "kept": (y != 0).to(y.dtype).mean((1, 2)),
        "variance": across.var(0, correction=1).mean(),
    }
