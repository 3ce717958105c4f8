"""Activations in NumPy."""

from impl_numpy import ops


def build(params):
    return params


def sigmoid(model, batch):
    a, vjp = ops.sigmoid(batch["x"])
    return {"a": a, "grad.x": vjp(batch["cotangent"])}


def relu(model, batch):
    a, vjp = ops.relu(batch["x"])
    return {"a": a, "grad.x": vjp(batch["cotangent"])}


def softmax(model, batch):
    a, vjp = ops.softmax(batch["x"])
    return {"a": a, "grad.x": vjp(batch["cotangent"])}


def extremes(model, batch):
    return {
        "sigmoid": ops.sigmoid(batch["extreme"])[0],
        "relu": ops.relu(batch["extreme"])[0],
        "softmax": ops.softmax(batch["extreme_row"])[0],
    }
