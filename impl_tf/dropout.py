"""Dropout in TensorFlow/Keras."""

import keras
import tensorflow as tf


def build(params, p):
    return keras.layers.Dropout(p)


def train(model, batch):
    x = batch["x"]
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * tf.cast(batch["mask"], x.dtype) / (1 - model.rate)  # scaled in training (DROP-SCALE)
    return {"y": y, "grad.x": tape.gradient(y, x, output_gradients=batch["cotangent"])}


def evaluate(model, batch):
    return {"y": tf.stack([model(batch["x"]) for _ in range(10)])}  # DROP-MODE: without training=True inference


def native(model, batch):
    y = tf.stack([model(batch["x"], training=True) for _ in range(10)])
    kept = y != 0
    return {
        "keep_rate": tf.reduce_mean(tf.cast(kept, y.dtype)),
        "agreement": tf.reduce_mean(tf.cast(kept[1:] == kept[:-1], y.dtype)),
        "mean": tf.reduce_mean(y),
        "variance": tf.math.reduce_variance(y),
    }


def functional(model, batch):
    y = keras.random.dropout(batch["x"], model.rate, seed=keras.random.SeedGenerator(0))
    layer = keras.layers.Dropout(model.rate, seed=0)
    return {"equals_layer": tf.reduce_all(y == layer(batch["x"], training=True))}
