"""Learning-rate schedules in NumPy."""

import math

import numpy as np

from impl_numpy import ops


def build(params, lr, momentum, step_size, gamma, t_max, eta_min):
    optimizer = ops.SGD(params, lr=lr, momentum=momentum)

    def step_lr(epoch):
        return lr * gamma ** (epoch // step_size)

    def cosine(epoch):
        return eta_min + (lr - eta_min) * (1 + math.cos(math.pi * epoch / t_max)) / 2

    return params, optimizer, step_lr, cosine


def step_lr(model, batch):
    params, optimizer, schedule, _ = model
    return _train(params, optimizer, schedule, batch)


def cosine(model, batch):
    params, optimizer, _, schedule = model
    return _train(params, optimizer, schedule, batch)


def step_lr_given(model, batch):
    return step_lr(model, batch)


def cosine_given(model, batch):
    return cosine(model, batch)


def _train(params, optimizer, schedule, batch):
    rates, losses, sizes = [], [], []
    for epoch, order in enumerate(batch["order"]):
        optimizer.lr = schedule(epoch)
        rates.append(optimizer.lr)
        losses.append(np.stack([_step(params, optimizer, batch, rows) for rows in order]).mean())
        sizes.append(np.sqrt(sum(np.sum(v * v) for v in optimizer.velocity.values())))
    curves = {"rates": np.array(rates, losses[0].dtype), "losses": np.stack(losses), "velocity": np.stack(sizes)}
    velocity = {f"momentum.{name}": v for name, v in optimizer.velocity.items()}
    return {**curves, **params, **velocity}


def _step(params, optimizer, batch, rows):
    logits, vjp = ops.tanh_network(params, batch["x"][rows])
    loss, loss_vjp = ops.cross_entropy(logits, batch["labels"][rows])
    optimizer.step(vjp(loss_vjp(1)))
    return loss
