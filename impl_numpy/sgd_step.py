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


def descent(model, batch):
    params, optimizer = model
    before, grads = _gradients(params, batch)
    optimizer.step(grads)
    after, _ = _gradients(params, batch)
    return {"before": before, "after": after, "finite": np.isfinite(after)}


def zeroing(model, batch):
    params, _ = model
    _, grads = _gradients(params, batch)
    before = _norm(grads["hidden.weight"])
    for g in grads.values():
        g += g  # as a second backward would, if its gradients were added
    twice = _norm(grads["hidden.weight"])
    for g in grads.values():
        g[...] = 0
    after = _norm(grads["hidden.weight"])
    grads = dict.fromkeys(grads)
    none = all(g is None for g in grads.values())
    return {"norm_before": before, "norm_twice": twice, "norm_after": after, "none_after": none}


def _gradients(params, batch):
    y, vjp = ops.tanh_network(params, batch["x"])
    loss, loss_vjp = ops.mse(y, batch["target"])
    return loss, vjp(loss_vjp(1))


def _norm(g):
    return np.sqrt(np.sum(g * g))
