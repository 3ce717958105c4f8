"""Dead ReLUs in TensorFlow/Keras."""

import keras
import tensorflow as tf


def build(params):
    inputs, hidden = params["fc.weight"].shape
    net = keras.Sequential([keras.Input((inputs,)), keras.layers.Dense(hidden, activation="relu")])
    net.set_weights([params["fc.weight"], params["fc.bias"]])
    return net


def dead(model, batch):
    a, dx, dw, db = _gradients(model, batch["dead_x"], batch["cotangent"])
    return {"a": a, "grad.dead_x": dx, "grad.fc.weight": dw, "grad.fc.bias": db}


def mixed(model, batch):
    a, dx, dw, db = _gradients(model, batch["x"], batch["cotangent"])
    return {"a": a, "grad.x": dx, "grad.fc.weight": dw, "grad.fc.bias": db}


def counts(model, batch):
    dead_a, dead_dx, _, _ = _gradients(model, batch["dead_x"], batch["cotangent"])
    mixed_a, mixed_dx, _, _ = _gradients(model, batch["x"], batch["cotangent"])
    return {
        "active": [tf.math.count_nonzero(a > 0) for a in (dead_a, mixed_a)],
        "activations": [tf.size(a) for a in (dead_a, mixed_a)],
        "nonzero": [tf.math.count_nonzero(dx) for dx in (dead_dx, mixed_dx)],
        "elements": [tf.size(dx) for dx in (dead_dx, mixed_dx)],
    }


def _gradients(model, x, cotangent):
    with tf.GradientTape() as tape:
        tape.watch(x)
        a = model(x)
    return a, *tape.gradient(a, [x, *model.trainable_variables], output_gradients=cotangent)
