"""Losses in PyTorch."""

import torch
import torch.nn.functional as F


def build(params):
    return params


def forward(model, batch):
    with torch.no_grad():
        mse, cross_entropy, bce = _losses(batch["prediction"], batch["logits"], batch["z"], batch)
        return {"mse": mse, "cross_entropy": cross_entropy, "bce": bce}


def backward(model, batch):
    prediction, logits, z = (batch[name].detach().requires_grad_() for name in ("prediction", "logits", "z"))
    mse, cross_entropy, bce = _losses(prediction, logits, z, batch)
    (mse + cross_entropy + bce).backward()  # no input is in two of them
    return {
        "mse": mse,
        "cross_entropy": cross_entropy,
        "bce": bce,
        "grad.prediction": prediction.grad,
        "grad.logits": logits.grad,
        "grad.z": z.grad,
    }


def _losses(prediction, logits, z, batch):
    return (
        F.mse_loss(prediction, batch["target"]),
        F.cross_entropy(logits, batch["labels"]),
        F.binary_cross_entropy_with_logits(z, batch["truth"].to(z.dtype)),  # BCE-DTYPE: no integer targets
    )
