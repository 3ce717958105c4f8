"""Activations in TensorFlow."""

import tensorflow as tf


def build(params):
    return params


def sigmoid(model, batch):
    return _with_gradient(tf.sigmoid, batch["x"], batch["cotangent"])


def relu(model, batch):
    return _with_gradient(tf.nn.relu, batch["x"], batch["cotangent"])


def softmax(model, batch):
    return _with_gradient(tf.nn.softmax, batch["x"], batch["cotangent"])


def saturated(model, batch):
    out = _with_gradient(tf.nn.softmax, batch["saturated"], batch["saturated_cotangent"])
    return {"a": out["a"], "grad.saturated": out["grad.x"]}


def at_zero(model, batch):
    out = _with_gradient(tf.nn.relu, batch["zero"], batch["zero_cotangent"])
    return {"relu": out["a"], "slope": out["grad.x"]}


def extremes(model, batch):
    return {
        "sigmoid": tf.sigmoid(batch["extreme"]),
        "relu": tf.nn.relu(batch["extreme"]),
        "softmax": tf.nn.softmax(batch["extreme_row"]),
    }


def extreme_gradients(model, batch):
    x, cotangent = batch["extreme"], batch["extreme_cotangent"]
    return {
        "sigmoid": _with_gradient(tf.sigmoid, x, cotangent)["grad.x"],
        "relu": _with_gradient(tf.nn.relu, x, cotangent)["grad.x"],
        "softmax": _with_gradient(tf.nn.softmax, batch["extreme_row"], batch["extreme_row_cotangent"])["grad.x"],
    }


def unstable(model, batch):
    e = tf.exp(batch["extreme_row"])
    return {"is_nan": tf.math.is_nan(e / tf.reduce_sum(e, axis=-1, keepdims=True))}


def _with_gradient(activation, x, cotangent):
    with tf.GradientTape() as tape:
        tape.watch(x)
        a = activation(x)
    return {"a": a, "grad.x": tape.gradient(a, x, output_gradients=cotangent)}
