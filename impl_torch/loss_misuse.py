"""Losses misused in PyTorch, which refuses most."""

import warnings

from torch import nn


def build(params):
    return nn.MSELoss(), nn.CrossEntropyLoss(), nn.BCEWithLogitsLoss()


def mse_broadcast(model, batch):
    mse, _, _ = model
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a warning is all that torch has to say (MSE-BCAST)
        return {"loss": mse(batch["prediction"], batch["target"])}


def mse_warning(model, batch):
    mse, _, _ = model
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        return {"loss": mse(batch["prediction"], batch["target"])}


def float_labels(model, batch):
    _, cross_entropy, _ = model
    return {"loss": cross_entropy(batch["logits"], batch["labels"].to(batch["logits"].dtype))}


def column_labels(model, batch):
    _, cross_entropy, _ = model
    return {"loss": cross_entropy(batch["logits"], batch["labels"].unsqueeze(1))}


def one_hot_labels(model, batch):
    _, cross_entropy, _ = model
    return {"loss": cross_entropy(batch["logits"], batch["one_hot"])}


def one_hot_floats(model, batch):  # taken for the classes' probabilities
    _, cross_entropy, _ = model
    return {"loss": cross_entropy(batch["logits"], batch["one_hot"].to(batch["logits"].dtype))}


def label_out_of_range(model, batch):
    _, cross_entropy, _ = model
    return {"loss": cross_entropy(batch["logits"], batch["out_of_range"])}


def negative_label(model, batch):
    _, cross_entropy, _ = model
    return {"loss": cross_entropy(batch["logits"], batch["negative"])}


def bce_broadcast(model, batch):
    _, _, bce = model
    truth = batch["truth"][:, 0].to(batch["z"].dtype)
    return {"loss": bce(batch["z"], truth)}


def integer_bce(model, batch):
    _, _, bce = model
    return {"loss": bce(batch["z"], batch["truth"])}


def fixed(model, batch):
    mse, cross_entropy, bce = model
    return {
        "mse": mse(batch["prediction"], batch["target"].unsqueeze(1)),
        "cross_entropy": cross_entropy(batch["logits"], batch["labels"]),
        "bce": bce(batch["z"], batch["truth"].to(batch["z"].dtype)),  # BCE-DTYPE
    }
