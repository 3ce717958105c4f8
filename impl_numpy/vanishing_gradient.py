"""Vanishing gradients in NumPy."""

import numpy as np

from impl_numpy import ops


def build(params):
    return params


def tanh(model, batch):
    return _gradients(model, "default", ops.tanh, batch)


def relu(model, batch):
    return _gradients(model, "default", ops.relu, batch)


def kaiming(model, batch):
    return _gradients(model, "kaiming", ops.relu, batch)


def _gradients(model, scheme, activation, batch):
    a, vjps = batch["x"], []
    *hidden, last = [name.removesuffix(".weight") for name in model if name.startswith(scheme) and "weight" in name]
    for layer in hidden:
        z, linear_vjp = ops.linear(a, model[f"{layer}.weight"], model[f"{layer}.bias"], x_grad=layer != hidden[0])
        a, activation_vjp = activation(z)
        vjps.append((layer, linear_vjp, activation_vjp))
    y, linear_vjp = ops.linear(a, model[f"{last}.weight"], model[f"{last}.bias"])
    loss, loss_vjp = ops.mse(y, batch["target"])
    da, dw, db = linear_vjp(loss_vjp(1))
    grads, norms, rms = {f"grad.{last}.weight": dw, f"grad.{last}.bias": db}, [_norm(dw)], []
    for layer, linear_vjp, activation_vjp in reversed(vjps):
        dz = activation_vjp(da)
        da, dw, db = linear_vjp(dz)
        grads |= {f"grad.{layer}.weight": dw, f"grad.{layer}.bias": db}
        norms.append(_norm(dw))
        rms.append(np.sqrt(np.mean(dz * dz)))
    norms, rms = np.stack(norms[::-1]), np.stack(rms[::-1])
    ratios = {"norm_ratio": norms[0] / norms[-1], "rms_ratio": rms[0] / rms[-1]}
    return {"loss": loss, "norms": norms, "rms": rms, **ratios, **grads}


def _norm(dw):
    return np.sqrt(np.sum(dw * dw))
