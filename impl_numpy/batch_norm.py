"""Batch normalisation in NumPy."""

import numpy as np

from impl_numpy import ops


def build(params, eps, momentum):
    return params, eps, momentum


def forward(model, batch):
    y, y_image, _, _ = _train(model, batch)
    params, *_ = model
    return {"y": y, "y.image": y_image, **{name: params[name] for name in params if "running" in name}}


def backward(model, batch):
    _, _, vjp, image_vjp = _train(model, batch)
    return {**vjp(batch["cotangent"]), **image_vjp(batch["cotangent.image"])}


def evaluate(model, batch):
    params, *_ = model
    z, _ = ops.linear(batch["x"], params["fc.weight"], 0)
    return {"y": _normalise(model, "bn1", z), "y.image": _normalise(model, "bn2", batch["image"])}


def train_one(model, batch):
    params, eps, _ = model
    z, _ = ops.linear(batch["one"], params["fc.weight"], 0)
    return {"y": ops.batch_norm(z, params["bn1.weight"], params["bn1.bias"], eps=eps)[0]}


def evaluate_one(model, batch):
    params, *_ = model
    z, _ = ops.linear(batch["one"], params["fc.weight"], 0)
    return {"y": _normalise(model, "bn1", z)}


def _train(model, batch):
    params, *_ = model
    z, linear_vjp = ops.linear(batch["x"], params["fc.weight"], 0)
    y, bn1_vjp = _batch_norm(model, "bn1", z)
    y_image, bn2_vjp = _batch_norm(model, "bn2", batch["image"])

    def vjp(dy):
        dz, dweight, dbias = bn1_vjp(dy)
        dx, dw, _ = linear_vjp(dz)
        return {"grad.x": dx, "grad.fc.weight": dw, "grad.bn1.weight": dweight, "grad.bn1.bias": dbias}

    def image_vjp(dy):
        dimage, dweight, dbias = bn2_vjp(dy)
        return {"grad.image": dimage, "grad.bn2.weight": dweight, "grad.bn2.bias": dbias}

    return y, y_image, vjp, image_vjp


def _batch_norm(model, name, z):
    params, eps, momentum = model
    y, mean, var, vjp = ops.batch_norm(z, params[f"{name}.weight"], params[f"{name}.bias"], eps=eps)
    count = z.size // z.shape[1]
    for statistic, new in (("running_mean", mean), ("running_var", var * (count / (count - 1)))):  # unbiased
        running = params[f"{name}.{statistic}"]
        running += momentum * (new - running)
    return y, vjp


def _normalise(model, name, z):
    params, eps, _ = model
    scale = params[f"{name}.weight"] / np.sqrt(params[f"{name}.running_var"] + eps)
    shift = params[f"{name}.bias"] - params[f"{name}.running_mean"] * scale
    return z * scale.reshape(-1, *[1] * (z.ndim - 2)) + shift.reshape(-1, *[1] * (z.ndim - 2))
