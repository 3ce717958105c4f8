"""Losses in NumPy."""

from impl_numpy import ops


def build(params):
    return params


def forward(model, batch):
    (mse, _), (cross_entropy, _), (bce, _) = _losses(batch)
    return {"mse": mse, "cross_entropy": cross_entropy, "bce": bce}


def backward(model, batch):
    (mse, mse_vjp), (cross_entropy, cross_entropy_vjp), (bce, bce_vjp) = _losses(batch)
    return {
        "mse": mse,
        "cross_entropy": cross_entropy,
        "bce": bce,
        "grad.prediction": mse_vjp(1),
        "grad.logits": cross_entropy_vjp(1),
        "grad.z": bce_vjp(1),
    }


def extremes(model, batch):
    cross_entropy, cross_entropy_vjp = ops.cross_entropy(batch["extreme_logits"], batch["extreme_labels"])
    bce, bce_vjp = ops.bce_with_logits(batch["extreme_z"], batch["extreme_truth"].astype(batch["extreme_z"].dtype))
    return {
        "cross_entropy": cross_entropy,
        "bce": bce,
        "grad.extreme_logits": cross_entropy_vjp(1),
        "grad.extreme_z": bce_vjp(1),
    }


def _losses(batch):
    return (
        ops.mse(batch["prediction"], batch["target"]),
        ops.cross_entropy(batch["logits"], batch["labels"]),
        ops.bce_with_logits(batch["z"], batch["truth"].astype(batch["z"].dtype)),
    )
