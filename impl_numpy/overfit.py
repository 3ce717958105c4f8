"""Overfitting in NumPy."""

import numpy as np

from impl_numpy import ops


def build(params, lr):
    return params, ops.SGD(params, lr=lr)


def step(model, batch):
    params, _ = model
    loss, _ = _step(model, batch)
    return {"loss": loss, **params}


def train(model, batch):
    params, _ = model
    losses, correct, validation_correct = [], [], []
    while not correct or correct[-1] < len(batch["x"]):
        loss, right = _step(model, batch)
        losses.append(loss)
        correct.append(int(right))
        logits, *_ = _forward(params, batch["validation_x"])
        validation_correct.append(int(_correct(logits, batch["validation_labels"])))
    losses = np.stack(losses)
    gap = np.array(correct, losses.dtype) / len(batch["x"])
    gap -= np.array(validation_correct, losses.dtype) / len(batch["validation_x"])
    return {"losses": losses, "correct": correct, "validation_correct": validation_correct, "gap": gap, **params}


def _step(model, batch):
    params, optimizer = model
    logits, hidden_vjp, tanh_vjp, out_vjp = _forward(params, batch["x"])
    loss, loss_vjp = ops.cross_entropy(logits, batch["labels"])
    da, dw_out, db_out = out_vjp(loss_vjp(1))
    _, dw_hidden, db_hidden = hidden_vjp(tanh_vjp(da))
    optimizer.step({"hidden.weight": dw_hidden, "hidden.bias": db_hidden, "out.weight": dw_out, "out.bias": db_out})
    return loss, _correct(logits, batch["labels"])


def _forward(params, x):
    z, hidden_vjp = ops.linear(x, params["hidden.weight"], params["hidden.bias"])
    a, tanh_vjp = ops.tanh(z)
    logits, out_vjp = ops.linear(a, params["out.weight"], params["out.bias"])
    return logits, hidden_vjp, tanh_vjp, out_vjp


def _correct(logits, labels):
    return np.sum(ops.argmax(logits) == labels)
