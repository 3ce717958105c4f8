"""Dropout in PyTorch."""

import torch
import torch.nn.functional as F
from torch import nn


def build(params, p):
    return nn.Dropout(p)


def train(model, batch):
    x = batch["x"].detach().requires_grad_()
    y = x * batch["mask"] / (1 - model.p)  # scaled in training (DROP-SCALE)
    y.backward(batch["cotangent"])
    return {"y": y, "grad.x": x.grad}


def evaluate(model, batch):
    model.eval()
    return {"y": torch.stack([model(batch["x"]) for _ in range(10)])}


def native(model, batch):
    model.train()
    with torch.random.fork_rng():
        torch.seed()
        y = torch.stack([model(batch["x"]) for _ in range(10)])
    kept = y != 0
    return {
        "keep_rate": kept.to(y.dtype).mean(),
        "agreement": (kept[1:] == kept[:-1]).to(y.dtype).mean(),
        "mean": y.mean(),
        "variance": y.var(correction=0),
    }


def functional(model, batch):
    model.train()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        y = F.dropout(batch["x"], model.p)  # training=True by default, in eval mode too (DROP-F)
        torch.manual_seed(0)
        return {"equals_layer": torch.equal(y, model(batch["x"]))}
