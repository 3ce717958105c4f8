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
    return {"y": _evaluate(model, batch["x"]), "y.image": _normalise(model, "bn_image", batch["image"])}


def statistics(model, batch):
    params, *_ = model
    z = batch["x"] @ params["fc1.weight"].T
    n = len(z)
    # PyTorch's rule and its default: a tenth of the new value, and of the variance the unbiased one (BN-MOM, BN-VAR).
    running = {"mean": 0.1 * z.mean(0), "var": 1 - 0.1 + 0.1 * z.var(0) * (n / (n - 1))}
    both = {f"{kind}_{name}": value for kind in ("running", "aligned") for name, value in running.items()}
    return {"batch_var": z.var(0), **both}


def train_one(model, batch):
    y, _ = _mlp(model, batch["x"][:1])
    other, _ = _mlp(model, batch["x"][1:2])
    return {"y": y, "y.other": other}


def evaluate_one(model, batch):
    return {"y": _evaluate(model, batch["x"][:1])}


def _train(model, batch):
    y, vjp = _mlp(model, batch["x"])
    y_image, bn_vjp = _batch_norm(model, "bn_image", batch["image"])

    def image_vjp(dy):
        dimage, dweight, dbias = bn_vjp(dy)
        return {"grad.image": dimage, "grad.bn_image.weight": dweight, "grad.bn_image.bias": dbias}

    return y, y_image, vjp, image_vjp


def _mlp(model, x):
    params, *_ = model
    z1, fc1_vjp = ops.linear(x, params["fc1.weight"], 0)
    n1, bn1_vjp = _batch_norm(model, "bn1", z1)
    a1, relu1_vjp = ops.relu(n1)
    z2, fc2_vjp = ops.linear(a1, params["fc2.weight"], 0)
    n2, bn2_vjp = _batch_norm(model, "bn2", z2)
    a2, relu2_vjp = ops.relu(n2)
    y, fc3_vjp = ops.linear(a2, params["fc3.weight"], params["fc3.bias"])

    def vjp(dy):
        grads = {}
        da2, grads["grad.fc3.weight"], grads["grad.fc3.bias"] = fc3_vjp(dy)
        dz2, grads["grad.bn2.weight"], grads["grad.bn2.bias"] = bn2_vjp(relu2_vjp(da2))
        da1, grads["grad.fc2.weight"], _ = fc2_vjp(dz2)
        dz1, grads["grad.bn1.weight"], grads["grad.bn1.bias"] = bn1_vjp(relu1_vjp(da1))
        grads["grad.x"], grads["grad.fc1.weight"], _ = fc1_vjp(dz1)
        return grads

    return y, vjp


def _evaluate(model, x):
    params, *_ = model
    a1, _ = ops.relu(_normalise(model, "bn1", x @ params["fc1.weight"].T))
    a2, _ = ops.relu(_normalise(model, "bn2", a1 @ params["fc2.weight"].T))
    return a2 @ params["fc3.weight"].T + params["fc3.bias"]


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
