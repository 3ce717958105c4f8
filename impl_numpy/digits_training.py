"""Training on real digits in NumPy."""

import numpy as np

from impl_numpy import ops


def build(params, epochs, hidden, batch, lr, momentum):
    return params, ops.SGD(params, lr=lr, momentum=momentum), {"epochs": epochs}


def epoch(model, batch):
    losses = [_step(model, batch["x"][rows], batch["labels"][rows])[0] for rows in batch["order"][0]]
    return {"loss": np.stack(losses), **_learned(model)}


def train(model, batch):
    params, _, config = model
    history = []
    for epoch in range(config["epochs"]):
        losses, right = [], []
        for rows in batch["order"][epoch]:
            loss, logits = _step(model, batch["x"][rows], batch["labels"][rows])
            losses.append(loss)
            right.append(ops.argmax(logits) == batch["labels"][rows])  # while the weights move
        logits, validation_loss, _ = _forward(params, batch["validation_x"], batch["validation_labels"])
        validation_right = ops.argmax(logits) == batch["validation_labels"]
        history.append(
            {
                "loss": np.mean(np.stack(losses)),
                "accuracy": np.concatenate(right).mean(dtype=logits.dtype),
                "validation_loss": validation_loss,
                "validation_accuracy": validation_right.mean(dtype=logits.dtype),
            }
        )
    return {name: np.stack([metrics[name] for metrics in history]) for name in history[0]} | _learned(model)


def shuffling(model, batch):
    (n, _), dtype, rng = batch["x"].shape, batch["x"].dtype, np.random.default_rng()
    orders = np.stack([rng.permutation(n) for _ in range(20)])
    return {
        "seen": np.sort(orders),
        "unshuffled": _correlation(np.arange(n)).astype(dtype),
        "correlation": _correlation(orders).mean().astype(dtype),
    }


def _correlation(orders):
    """Of each order with that of the data."""
    n = orders.shape[-1]
    positions = np.arange(n) - (n - 1) / 2  # their mean is zero, so that of the orders does not count
    return orders @ positions / (n * (n * n - 1) / 12)


def _step(model, x, labels):
    params, optimizer, _ = model
    logits, loss, vjp = _forward(params, x, labels)
    optimizer.step(vjp(1))
    return loss, logits


def _forward(params, x, labels):
    logits, vjp = ops.tanh_network(params, x)
    loss, loss_vjp = ops.cross_entropy(logits, labels)
    return logits, loss, lambda dloss: vjp(loss_vjp(dloss))


def _learned(model):
    params, optimizer, _ = model
    buffers = {f"momentum.{name}": optimizer.velocity.get(name, np.zeros_like(w)) for name, w in params.items()}
    return {**params, **buffers}
