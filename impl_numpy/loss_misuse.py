"""Losses misused in NumPy, which checks what indexing checks and nothing else."""

from impl_numpy import ops


def build(params):
    return params


def mse_broadcast(model, batch):
    difference = batch["prediction"] - batch["target"]  # (n, n), without a word
    return {"loss": (difference * difference).mean()}


def mse_warning(model, batch):
    difference = batch["prediction"] - batch["target"]  # no warning either
    return {"loss": (difference * difference).mean()}


def float_labels(model, batch):
    return {"loss": ops.cross_entropy(batch["logits"], batch["labels"].astype(batch["logits"].dtype))[0]}


def column_labels(model, batch):  # each row with every label, n² pairs
    return {"loss": ops.cross_entropy(batch["logits"], batch["labels"][:, None])[0]}


def one_hot_labels(model, batch):
    return {"loss": ops.cross_entropy(batch["logits"], batch["one_hot"])[0]}


def one_hot_floats(model, batch):
    return {"loss": ops.cross_entropy(batch["logits"], batch["one_hot"].astype(batch["logits"].dtype))[0]}


def label_out_of_range(model, batch):
    return {"loss": ops.cross_entropy(batch["logits"], batch["out_of_range"])[0]}


def negative_label(model, batch):
    return {"loss": ops.cross_entropy(batch["logits"], batch["negative"])[0]}


def bce_broadcast(model, batch):
    truth = batch["truth"][:, 0].astype(batch["z"].dtype)
    return {"loss": ops.bce_with_logits(batch["z"], truth)[0]}


def integer_bce(model, batch):
    loss, _ = ops.bce_with_logits(batch["z"], batch["truth"])  # float32 times int64 is float64, and so is the loss
    return {"loss": loss.astype(batch["z"].dtype)}


def fixed(model, batch):
    return {
        "mse": ops.mse(batch["prediction"], batch["target"][:, None])[0],
        "cross_entropy": ops.cross_entropy(batch["logits"], batch["labels"])[0],
        "bce": ops.bce_with_logits(batch["z"], batch["truth"].astype(batch["z"].dtype))[0],
    }
