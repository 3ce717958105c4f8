"""Overfitting in NumPy."""

import numpy as np

from impl_numpy import ops

MOST_EPOCHS = 1000  # a training that went wrong ends too


def build(params, lr):
    return params, ops.SGD(params, lr=lr)


def step(model, batch):
    params, _ = model
    return {**_step(model, batch), **params}


def train(model, batch):
    params, _ = model
    losses, correct, validation_correct = [], [], []
    while not correct or (correct[-1] < len(batch["x"]) and len(correct) < MOST_EPOCHS):
        losses.append(_step(model, batch)["loss"])
        correct.append(_correct(params, batch["x"], batch["labels"]))
        validation_correct.append(_correct(params, batch["validation_x"], batch["validation_labels"]))
    losses, correct, validation_correct = np.stack(losses), np.stack(correct), np.stack(validation_correct)
    accuracy = correct.astype(losses.dtype) / len(batch["x"])
    validation_accuracy = validation_correct.astype(losses.dtype) / len(batch["validation_x"])
    return {
        "losses": losses,
        "correct": correct,
        "validation_correct": validation_correct,
        "accuracy": accuracy,
        "validation_accuracy": validation_accuracy,
        "gap": accuracy - validation_accuracy,
        **params,
    }


def _step(model, batch):
    params, optimizer = model
    logits, vjp = ops.tanh_network(params, batch["x"])
    loss, loss_vjp = ops.cross_entropy(logits, batch["labels"])
    grads = vjp(loss_vjp(1))
    optimizer.step(grads)
    return {"loss": loss, **{f"grad.{name}": g for name, g in grads.items()}}


def _correct(params, x, labels):
    logits, _ = ops.tanh_network(params, x)
    return np.sum(ops.argmax(logits) == labels)
