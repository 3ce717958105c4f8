"""One step of gradient descent in NumPy."""

import numpy as np

from impl_numpy import ops


def build(params, lr):
    return params, ops.SGD(params, lr=lr)


def step(model, batch):
    params, optimizer = model
    loss, grads = _gradients(params, batch)
    optimizer.step(grads)
    return {"loss": loss, **{f"grad.{name}": g for name, g in grads.items()}, **params}


def zeroing(model, batch):
    params, _ = model
    loss, grads = _gradients(params, batch)
    before = _norm(grads)
    for g in grads.values():
        g[...] = 0
    return {"finite": np.isfinite(loss), "norm_before": before, "norm_after": _norm(grads)}


def _gradients(params, batch):
    y, vjp = ops.tanh_network(params, batch["x"])
    loss, loss_vjp = ops.mse(y, batch["target"])
    return loss, vjp(loss_vjp(1))


def _norm(grads):
    return np.sqrt(sum(np.sum(g * g) for g in grads.values()))
