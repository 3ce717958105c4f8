"""SGD with momentum and Adam in NumPy."""

import numpy as np

from impl_numpy import ops


def build(params, lr, momentum, adam_lr, beta1, beta2, eps):
    sgd = ops.SGD(params, lr=lr, momentum=momentum)
    return params, sgd, ops.Adam(params, lr=adam_lr, betas=(beta1, beta2), eps=eps)


def sgd_step(model, batch):
    params, optimizer, _ = model
    loss, grads = _step(params, optimizer, batch, batch["order"][0, 0])
    return {"loss": loss, **grads, **params, **_momentum(optimizer)}


def adam_step(model, batch):
    params, _, optimizer = model
    loss, grads = _step(params, optimizer, batch, batch["order"][0, 0])
    return {"loss": loss, **grads, **params, **_moments(optimizer)}


def sgd(model, batch):
    params, optimizer, _ = model
    return {**_train(params, optimizer, batch), **params, **_momentum(optimizer)}


def adam(model, batch):
    params, _, optimizer = model
    return {**_train(params, optimizer, batch), **params, **_moments(optimizer)}


def _train(params, optimizer, batch):
    losses = [np.stack([_step(params, optimizer, batch, rows)[0] for rows in order]).mean() for order in batch["order"]]
    return {"losses": np.stack(losses), "norm": np.sqrt(sum(np.sum(w * w) for w in params.values()))}


def _step(params, optimizer, batch, rows):
    logits, vjp = ops.tanh_network(params, batch["x"][rows])
    loss, loss_vjp = ops.cross_entropy(logits, batch["labels"][rows])
    grads = vjp(loss_vjp(1))
    optimizer.step(grads)
    return loss, {f"grad.{name}": g for name, g in grads.items()}


def _momentum(optimizer):
    return {f"momentum.{name}": v for name, v in optimizer.velocity.items()}


def _moments(optimizer):
    first = {f"exp_avg.{name}": m for name, m in optimizer.m.items()}
    return {**first, **{f"exp_avg_sq.{name}": v for name, v in optimizer.v.items()}}
