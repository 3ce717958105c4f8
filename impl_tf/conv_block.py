"""Convolution block in TensorFlow/Keras."""

import keras
import tensorflow as tf


class ConvBlock(keras.Model):
    def __init__(self, filters):
        super().__init__()
        self.conv = keras.layers.Conv2D(filters, 3, padding="same")  # images are nhwc, kernels hwio (CONV-LAYOUT)
        self.relu = keras.layers.ReLU()
        self.pool = keras.layers.MaxPooling2D(2)
        # Can take the pool's place; "same" would pad one side alone at stride 2 (CONV-SAME-S2).
        self.down = keras.Sequential([keras.layers.ZeroPadding2D(1), keras.layers.Conv2D(filters, 3, strides=2)])

    def call(self, x):
        return self.pool(self.relu(self.conv(x)))


def build(params):
    *_, channels, filters = params["conv.weight"].shape
    model = ConvBlock(filters)
    model.conv.build((None, None, None, channels))
    model.down.build((None, None, None, filters))
    model.conv.set_weights([params["conv.weight"], params["conv.bias"]])
    model.down.set_weights([params["down.weight"], params["down.bias"]])
    return model


def forward(model, batch):
    return {"y": model(batch["x"])}


def backward(model, batch):
    x, weights = batch["x"], model.conv.trainable_variables
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = model(x)
    dx, dw, db = tape.gradient(y, [x, *weights], output_gradients=batch["cotangent"])
    return {"grad.x": dx, "grad.conv.weight": dw, "grad.conv.bias": db}


def strided(model, batch):
    x, weights = batch["x"], model.down.trainable_variables
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = model.down(model.relu(model.conv(x)))
    dx, dw, db = tape.gradient(y, [x, *weights], output_gradients=batch["cotangent.down"])
    return {"y": y, "grad.x": dx, "grad.down.weight": dw, "grad.down.bias": db}


def layers(model, batch):
    z = model.conv(batch["x"])
    a = model.relu(z)
    return {"conv": z, "relu": a, "pool": model.pool(a), "down": model.down(a)}
