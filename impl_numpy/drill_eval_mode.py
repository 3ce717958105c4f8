"""Dropout left on, in NumPy."""

from impl_numpy import ops


def build(params, p):
    return params, p


def broken(model, batch):
    return _validate(model, batch, training=True)


def fixed(model, batch):
    return _validate(model, batch, training=False)


def _validate(model, batch, *, training):
    params, p = model
    z, _ = ops.linear(batch["x"], params["hidden.weight"], params["hidden.bias"])
    a, _ = ops.tanh(z)
    if training:
        a = a * batch["mask"] / a.dtype.type(1 - p)
    logits = a @ params["out.weight"].T
    loss, _ = ops.cross_entropy(logits, batch["labels"])
    right = ops.argmax(logits) == batch["labels"]
    return {"loss": loss, "correct": right.sum(), "accuracy": right.astype(logits.dtype).mean()}
