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
    z, hidden_vjp = ops.linear(batch["x"], params["hidden.weight"], params["hidden.bias"])
    a, tanh_vjp = ops.tanh(z)
    y, out_vjp = ops.linear(a, params["out.weight"], params["out.bias"])
    loss, loss_vjp = ops.mse(y, batch["target"])
    da, dw_out, db_out = out_vjp(loss_vjp(1))
    _, dw_hidden, db_hidden = hidden_vjp(tanh_vjp(da))
    return loss, {"hidden.weight": dw_hidden, "hidden.bias": db_hidden, "out.weight": dw_out, "out.bias": db_out}


def _norm(grads):
    return np.sqrt(sum(np.sum(g * g) for g in grads.values()))
