"""Losses misused in PyTorch, which refuses most."""

import warnings

import torch.nn.functional as F


def build(params):
    return params


def mse_broadcast(model, batch):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a warning is all that torch has to say (MSE-BCAST)
        return {"loss": F.mse_loss(batch["prediction"], batch["target"])}


def float_labels(model, batch):
    return {"loss": F.cross_entropy(batch["logits"], batch["labels"].to(batch["logits"].dtype))}


def one_hot_labels(model, batch):
    return {"loss": F.cross_entropy(batch["logits"], batch["one_hot"])}


def label_out_of_range(model, batch):
    return {"loss": F.cross_entropy(batch["logits"], batch["out_of_range"])}


def negative_label(model, batch):
    return {"loss": F.cross_entropy(batch["logits"], batch["negative"])}


def bce_broadcast(model, batch):
    truth = batch["truth"][:, 0].to(batch["z"].dtype)
    return {"loss": F.binary_cross_entropy_with_logits(batch["z"], truth)}


def integer_bce(model, batch):
    return {"loss": F.binary_cross_entropy_with_logits(batch["z"], batch["truth"])}


def fixed(model, batch):
    return {
        "mse": F.mse_loss(batch["prediction"], batch["target"].unsqueeze(1)),
        "cross_entropy": F.cross_entropy(batch["logits"], batch["labels"]),
        "bce": F.binary_cross_entropy_with_logits(batch["z"], batch["truth"].to(batch["z"].dtype)),  # BCE-DTYPE
    }
