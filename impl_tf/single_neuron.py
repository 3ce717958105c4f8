"""A single neuron in TensorFlow."""

import tensorflow as tf


class Neuron(tf.Module):
    def __init__(self, w, b):
        super().__init__()
        self.w, self.b = tf.Variable(w), tf.Variable(b)

    def __call__(self, x):
        return tf.tensordot(self.w, x, 1) + self.b


def build(params):
    return Neuron(params["w"], params["b"])


def forward(model, batch):
    z = model(batch["x"])
    return {"z": z, "sigmoid": _activate(z, "sigmoid"), "relu": _activate(z, "relu")}


def backward(model, batch):
    return _gradients(model, batch, "sigmoid")


def backward_relu(model, batch):
    return _gradients(model, batch, "relu")


def unknown(model, batch):
    return {"a": _activate(model(batch["x"]), "swich")}


def _activate(z, name):
    activations = {"sigmoid": tf.sigmoid, "relu": tf.nn.relu}
    if name not in activations:
        raise ValueError(f"unknown activation {name!r}; choose sigmoid or relu")
    return activations[name](z)


def _gradients(model, batch, activation):
    x = batch["x"]
    with tf.GradientTape() as tape:
        tape.watch(x)
        a = _activate(model(x), activation)
    dx, dw, db = tape.gradient(a, [x, model.w, model.b], output_gradients=batch["cotangent"])
    return {"grad.x": dx, "grad.w": dw, "grad.b": db}
