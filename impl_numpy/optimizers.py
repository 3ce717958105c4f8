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


def first_update(model, batch):
    params, sgd, adam = model
    before = {name: w.copy() for name, w in params.items()}
    moved = []
    for optimizer in (sgd, adam):
        for name, w in params.items():
            w[...] = before[name]
        _step(params, optimizer, batch, batch["order"][0, 0])
        shares = np.concatenate([abs(params[name] - w).ravel() for name, w in before.items()]) / optimizer.lr
        moved.append(np.sum(abs(shares - 1) < 0.01))
    return {"weights": shares.size, "sgd_by_rate": moved[0], "adam_by_rate": moved[1]}


def sgd(model, batch):
    params, optimizer, _ = model
    return {"losses": _train(params, optimizer, batch), "norm": _norm(params), **params, **_momentum(optimizer)}


def adam(model, batch):
    params, _, optimizer = model
    return {"losses": _train(params, optimizer, batch), "norm": _norm(params), **params, **_moments(optimizer)}


def textbook(model, batch):
    params, *_ = model
    sgd_params, adam_params = ({name: w.copy() for name, w in params.items()} for _ in range(2))
    return {
        "sgd_losses": _train(sgd_params, ops.SGD(sgd_params, lr=0.1, momentum=0.9), batch),
        "adam_losses": _train(adam_params, ops.Adam(adam_params, lr=0.1, betas=(0.9, 0.999), eps=1e-8), batch),
        "sgd_norm": _norm(sgd_params),
        "adam_norm": _norm(adam_params),
    }


def _train(params, optimizer, batch):
    losses = [np.stack([_step(params, optimizer, batch, rows)[0] for rows in order]).mean() for order in batch["order"]]
    return np.stack(losses)


def _norm(params):
    return np.sqrt(sum(np.sum(w * w) for w in params.values()))


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
