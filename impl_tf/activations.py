"""Activations in TensorFlow."""

import tensorflow as tf


def build(params):
    return params


def sigmoid(model, batch):
    return _with_gradient(tf.sigmoid, batch)


def relu(model, batch):
    return _with_gradient(tf.nn.relu, batch)


def softmax(model, batch):
    return _with_gradient(tf.nn.softmax, batch)


def extremes(model, batch):
    return {
        "sigmoid": tf.sigmoid(batch["extreme"]),
        "relu": tf.nn.relu(batch["extreme"]),
        "softmax": tf.nn.softmax(batch["extreme_row"]),
    }


def _with_gradient(activation, batch):
    x = batch["x"]
    with tf.GradientTape() as tape:
        tape.watch(x)
        a = activation(x)
    return {"a": a, "grad.x": tape.gradient(a, x, output_gradients=batch["cotangent"])}
