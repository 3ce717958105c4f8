"""A single neuron in TensorFlow."""

import tensorflow as tf


def build(params):
    return tf.Variable(params["w"]), tf.Variable(params["b"])


def forward(model, batch):
    return _values(batch["x"], *model)


def negative(model, batch):
    return _values(batch["negative_x"], *model)


def backward(model, batch):
    dx, dw, db = _gradients(batch["x"], *model, "sigmoid", batch["cotangent"])
    return {"grad.x": dx, "grad.w": dw, "grad.b": db}


def backward_relu(model, batch):
    dx, dw, db = _gradients(batch["x"], *model, "relu", batch["cotangent"])
    return {"grad.x": dx, "grad.w": dw, "grad.b": db}


def negative_relu(model, batch):
    _, _, db = _gradients(batch["negative_x"], *model, "relu", batch["cotangent"])
    return {"slope": db}


def unknown(model, batch):
    _, a = _neuron(batch["x"], *model, "swich")
    return {"a": a}


def _neuron(x, w, b, activation):
    """z = w·x + b, a = activation(z).  x, w (d,), b () -> z, a ()."""
    activations = {"sigmoid": tf.sigmoid, "relu": tf.nn.relu}
    if activation not in activations:
        raise ValueError(f"unknown activation {activation!r}; choose sigmoid or relu")
    z = tf.reduce_sum(w * x) + b  # a float32 dot of a million adds one after the other; reduce_sum() adds pairwise
    return z, activations[activation](z)


def _values(x, w, b):
    z, sigmoid = _neuron(x, w, b, "sigmoid")
    _, relu = _neuron(x, w, b, "relu")
    return {"z": z, "sigmoid": sigmoid, "relu": relu}


def _gradients(x, w, b, activation, cotangent):
    with tf.GradientTape() as tape:
        tape.watch(x)  # the weights are Variables, which a tape watches by itself
        _, a = _neuron(x, w, b, activation)
    return tape.gradient(a, [x, w, b], output_gradients=cotangent)
