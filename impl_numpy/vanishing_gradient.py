"""Vanishing gradients in NumPy."""

import numpy as np

from impl_numpy import ops


def build(params):
    return params


def tanh(model, batch):
    return _gradients(model, batch, ops.tanh)


def relu(model, batch):
    return _gradients(model, batch, ops.relu)


def _gradients(model, batch, activation):
    a, depth, vjps = batch["x"], len(model) // 2, []
    for layer in range(depth):
        a, linear_vjp = ops.linear(a, model[f"{layer}.weight"], model[f"{layer}.bias"], x_grad=layer > 0)
        activation_vjp = None
        if layer < depth - 1:
            a, activation_vjp = activation(a)
        vjps.append((linear_vjp, activation_vjp))
    loss, loss_vjp = ops.mse(a, batch["target"])
    da, grads = loss_vjp(1), {}
    for layer in reversed(range(depth)):
        linear_vjp, activation_vjp = vjps[layer]
        dz = activation_vjp(da) if activation_vjp else da
        da, grads[f"grad.{layer}.weight"], grads[f"grad.{layer}.bias"] = linear_vjp(dz)
    norms = np.stack([np.sqrt(np.sum(grads[f"grad.{layer}.weight"] ** 2)) for layer in range(depth)])
    return {"loss": loss, "norms": norms, "first": norms[0], **grads}
