"""A chain of linear layers in Keras."""

import keras
import tensorflow as tf

NAMES = ("x", "first.weight", "first.bias", "second.weight", "second.bias")


def build(params):
    inputs, hidden = params["first.weight"].shape
    x = keras.Input((inputs,))
    z = keras.layers.Dense(hidden)(x)
    y = keras.layers.Dense(params["second.bias"].shape[0])(z)
    model = keras.Model(x, [z, y])
    model.set_weights([params[name] for name in NAMES[1:]])
    return model


def forward(model, batch):
    z, y = model(batch["x"])
    return {"z": z, "y": y}


def backward(model, batch):
    x = batch["x"]
    with tf.GradientTape() as tape:
        tape.watch(x)
        _, y = model(x)
    grads = tape.gradient(y, [x, *model.trainable_variables], output_gradients=batch["cotangent"])
    return {f"grad.{name}": g for name, g in zip(NAMES, grads)}
