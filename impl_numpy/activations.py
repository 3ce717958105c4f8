"""Activations in NumPy."""

import numpy as np

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


def saturated(model, batch):
    a, vjp = ops.softmax(batch["saturated"])
    return {"a": a, "grad.saturated": vjp(batch["saturated_cotangent"])}


def at_zero(model, batch):
    a, vjp = ops.relu(batch["zero"])
    return {"relu": a, "slope": vjp(batch["zero_cotangent"])}


def extremes(model, batch):
    return {
        "sigmoid": ops.sigmoid(batch["extreme"])[0],
        "relu": ops.relu(batch["extreme"])[0],
        "softmax": ops.softmax(batch["extreme_row"])[0],
    }


def extreme_gradients(model, batch):
    _, sigmoid_vjp = ops.sigmoid(batch["extreme"])
    _, relu_vjp = ops.relu(batch["extreme"])
    _, softmax_vjp = ops.softmax(batch["extreme_row"])
    return {
        "sigmoid": sigmoid_vjp(batch["extreme_cotangent"]),
        "relu": relu_vjp(batch["extreme_cotangent"]),
        "softmax": softmax_vjp(batch["extreme_row_cotangent"]),
    }


def unstable(model, batch):
    with np.errstate(over="ignore", invalid="ignore"):
        e = np.exp(batch["extreme_row"])
        return {"is_nan": np.isnan(e / e.sum(-1, keepdims=True))}
