"""Training on real digits in NumPy."""

import numpy as np

from impl_numpy import ops


def build(params, lr, momentum):
    return params, ops.SGD(params, lr=lr, momentum=momentum)


def epoch(model, batch):
    losses, _ = _epoch(model, batch, batch["order"][0])
    return {"loss": np.stack(losses), **_learned(model)}


def train(model, batch):
    params, _ = model
    history = []
    for order in batch["order"]:
        losses, correct = _epoch(model, batch, order)
        logits, validation_loss, _ = _forward(params, batch["validation_x"], batch["validation_labels"])
        history.append(
            {
                "loss": np.mean(np.stack(losses)),
                "validation_loss": validation_loss,
                "correct": correct,
                "validation_correct": _correct(logits, batch["validation_labels"]),
            }
        )
    return {name: np.stack([metrics[name] for metrics in history]) for name in history[0]} | _learned(model)


def shuffling(model, batch):
    n, rng = len(batch["x"]), np.random.default_rng()
    orders = np.stack([rng.permutation(n) for _ in range(20)])
    centred = (orders - (n - 1) / 2).astype(batch["x"].dtype)
    positions = np.arange(n) - (n - 1) / 2
    correlation = centred @ positions.astype(centred.dtype) / (n * (n * n - 1) / 12)
    return {"complete": (np.sort(orders) == np.arange(n)).all(), "correlation": correlation.mean()}


def _epoch(model, batch, order):
    params, optimizer = model
    losses, correct = [], 0
    for rows in order:
        labels = batch["labels"][rows]
        logits, loss, vjp = _forward(params, batch["x"][rows], labels)
        optimizer.step(vjp(1))
        losses.append(loss)
        correct = correct + _correct(logits, labels)
    return losses, correct


def _forward(params, x, labels):
    logits, vjp = ops.tanh_network(params, x)
    loss, loss_vjp = ops.cross_entropy(logits, labels)
    return logits, loss, lambda dloss: vjp(loss_vjp(dloss))


def _correct(logits, labels):
    return np.sum(ops.argmax(logits) == labels)


def _learned(model):
    params, optimizer = model
    return {**params, **{f"momentum.{name}": v for name, v in optimizer.velocity.items()}}
