"""A loop, in NumPy."""

import numpy as np

from impl_numpy import ops

EPOCHS = 3


def build(params, lr, beta1, beta2, eps):
    return params, ops.Adam(params, lr=lr, betas=(beta1, beta2), eps=eps)


def fit(model, batch):
    params, optimizer = model
    return {"losses": _train(params, optimizer, batch), **params}


def textbook(model, batch):
    params, _ = model
    optimizer = ops.Adam(params, lr=1e-3)  # torch's defaults: betas 0.9 and 0.999, eps 1e-8
    return {"losses": _train(params, optimizer, batch)}


def no_epsilon(model, batch):
    params, _ = model
    optimizer = ops.Adam(params, lr=1e-3, eps=2.0**-100)
    return {"losses": _train(params, optimizer, batch)}


def _train(params, optimizer, batch):
    losses = []
    for _ in range(EPOCHS):
        losses.append(np.stack([_step(params, optimizer, batch, rows) for rows in batch["rows"]]).mean())
    return np.stack(losses)


def _step(params, optimizer, batch, rows):
    z0, linear0_vjp = ops.linear(batch["x"][rows], params["0.weight"], params["0.bias"], x_grad=False)
    a0, tanh0_vjp = ops.tanh(z0)
    z2, linear2_vjp = ops.linear(a0, params["2.weight"], params["2.bias"])
    a2, tanh2_vjp = ops.tanh(z2)
    logits, linear4_vjp = ops.linear(a2, params["4.weight"], params["4.bias"])
    loss, loss_vjp = ops.cross_entropy(logits, batch["labels"][rows])
    da2, dw4, db4 = linear4_vjp(loss_vjp(1))
    da0, dw2, db2 = linear2_vjp(tanh2_vjp(da2))
    _, dw0, db0 = linear0_vjp(tanh0_vjp(da0))
    optimizer.step({"0.weight": dw0, "0.bias": db0, "2.weight": dw2, "2.bias": db2, "4.weight": dw4, "4.bias": db4})
    return loss
