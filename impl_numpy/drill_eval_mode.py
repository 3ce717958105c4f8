"""Dropout left on, in NumPy."""

import numpy as np

from impl_numpy import ops

CALLS = 5


def build(params, p):
    return params, p


def broken(model, batch):
    return _gathered([_validate(model, batch, mask) for mask in batch["masks"]])


def fixed(model, batch):
    return _gathered([_validate(model, batch, None) for _ in range(CALLS)])


def native(model, batch):
    (params, p), rng = model, np.random.default_rng()
    shape = len(batch["x"]), len(params["hidden.weight"])
    train = _gathered([_validate(model, batch, rng.random(shape) >= p) for _ in range(CALLS)])["loss"]
    evaluated = _gathered([_validate(model, batch, None) for _ in range(CALLS)])["loss"]
    return {"train_varies": _vary(train), "eval_varies": _vary(evaluated)}


def _validate(model, batch, mask):
    """The metrics of one call; without a mask nothing is dropped."""
    params, p = model
    z, _ = ops.linear(batch["x"], params["hidden.weight"], params["hidden.bias"])
    a, _ = ops.tanh(z)
    if mask is not None:
        a = a * mask / (1 - p)
    logits = a @ params["out.weight"].T
    loss, _ = ops.cross_entropy(logits, batch["labels"])
    right = ops.argmax(logits) == batch["labels"]
    return {"loss": loss, "correct": right.sum(), "accuracy": right.astype(logits.dtype).mean()}


def _vary(losses):
    return (losses != losses[0]).any()


def _gathered(calls):
    return {name: np.stack([metrics[name] for metrics in calls]) for name in calls[0]}
