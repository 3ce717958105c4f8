"""Losses in PyTorch."""

import torch
from torch import nn


def build(params):
    return nn.MSELoss(), nn.CrossEntropyLoss(), nn.BCEWithLogitsLoss()


def forward(model, batch):
    with torch.no_grad():
        mse, cross_entropy, bce = _losses(model, batch["prediction"], batch["logits"], batch["z"], batch)
        return {"mse": mse, "cross_entropy": cross_entropy, "bce": bce}


def backward(model, batch):
    prediction, logits, z = (batch[name].detach().requires_grad_() for name in ("prediction", "logits", "z"))
    mse, cross_entropy, bce = _losses(model, prediction, logits, z, batch)
    (mse + cross_entropy + bce).backward()  # no input is in two of them
    return {
        "mse": mse,
        "cross_entropy": cross_entropy,
        "bce": bce,
        "grad.prediction": prediction.grad,
        "grad.logits": logits.grad,
        "grad.z": z.grad,
    }


def extremes(model, batch):
    _, cross_entropy, bce = model
    logits, z = (batch[name].detach().requires_grad_() for name in ("extreme_logits", "extreme_z"))
    losses = cross_entropy(logits, batch["extreme_labels"]), bce(z, batch["extreme_truth"].to(z.dtype))
    sum(losses).backward()
    return {
        "cross_entropy": losses[0],
        "bce": losses[1],
        "grad.extreme_logits": logits.grad,
        "grad.extreme_z": z.grad,
    }


def _losses(model, prediction, logits, z, batch):
    mse, cross_entropy, bce = model
    return (
        mse(prediction, batch["target"]),
        cross_entropy(logits, batch["labels"]),
        bce(z, batch["truth"].to(z.dtype)),  # BCE-DTYPE: no integer targets
    )
