"""Convolution block in TensorFlow/Keras."""

import keras
import tensorflow as tf


class ConvBlock(keras.Model):
    def __init__(self, filters):
        super().__init__()
        self.conv = keras.layers.Conv2D(filters, 3, padding="same")  # images are nhwc, kernels hwio (CONV-LAYOUT)
        self.pool = keras.layers.MaxPool2D(2)

    def call(self, x):
        return self.pool(tf.nn.relu(self.conv(x)))


def build(params):
    *_, channels, filters = params["conv.weight"].shape
    model = ConvBlock(filters)
    model.conv.build((None, None, None, channels))
    model.conv.set_weights([params["conv.weight"], params["conv.bias"]])
    return model


def forward(model, batch):
    return {"y": model(batch["x"])}


def backward(model, batch):
    x, weights = batch["x"], model.trainable_variables
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = model(x)
    dx, dw, db = tape.gradient(y, [x, *weights], output_gradients=batch["cotangent"])
    return {"grad.x": dx, "grad.conv.weight": dw, "grad.conv.bias": db}


def strided(model, batch):
    x, w, b = batch["x"], model.conv.kernel.value, model.conv.bias.value
    with tf.GradientTape() as tape:
        tape.watch(x)
        padded = tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]])  # "same" would pad only one side (CONV-SAME-S2)
        y = tf.nn.relu(tf.nn.conv2d(padded, w, strides=2, padding="VALID") + b)
    dx, dw, db = tape.gradient(y, [x, w, b], output_gradients=batch["cotangent"])
    return {"y": y, "grad.x": dx, "grad.conv.weight": dw, "grad.conv.bias": db}


def shapes(model, batch):
    z = model.conv(batch["x"])
    a = tf.nn.relu(z)
    y = model.pool(a)
    padded = tf.pad(batch["x"], [[0, 0], [1, 1], [1, 1], [0, 0]])
    s = tf.nn.conv2d(padded, model.conv.kernel, strides=2, padding="VALID")
    return {name: _nchw(t) for name, t in {"conv": z, "relu": a, "pool": y, "strided": s}.items()}


def _nchw(t):
    n, h, w, c = t.shape
    return n, c, h, w
