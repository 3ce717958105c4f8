"""Dropout in TensorFlow/Keras."""

import keras
import tensorflow as tf

FORWARDS = 10
QUARTER = 0.25


class Counted(keras.layers.Dropout):
    """A Dropout that counts its calls."""

    calls = 0

    def call(self, inputs, training=False):
        self.calls += 1
        return super().call(inputs, training=training)


def build(params, p):
    return keras.layers.Dropout(p)


def train(model, batch):
    return _masked(batch["x"], batch["mask"], model.rate, batch["cotangent"])


def quarter(model, batch):
    return _masked(batch["x"], batch["quarter_mask"], QUARTER, batch["cotangent"])


def evaluate(model, batch):
    layer = Counted(model.rate)
    y = tf.stack([layer(batch["x"], training=False) for _ in range(FORWARDS)])
    return {"y": y, "unchanged": tf.math.count_nonzero(y == batch["x"]), "calls": layer.calls, **_measured(y)}


def native(model, batch):
    return _measured(tf.stack([model(batch["x"], training=True) for _ in range(FORWARDS)]))


def functional(model, batch):
    y = keras.random.dropout(batch["x"], QUARTER, seed=keras.random.SeedGenerator(0))
    layer = keras.layers.Dropout(QUARTER, seed=0)
    return {"equals_layer": tf.reduce_all(y == layer(batch["x"], training=True))}


def bare(model, batch):
    return {"drops": tf.reduce_any(model(batch["x"]) != batch["x"])}  # without training=True inference (DROP-MODE)


def _masked(x, mask, p, cotangent):
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * tf.cast(mask, x.dtype) / (1 - p)  # scaled in training (DROP-SCALE)
    return {"y": y, "grad.x": tape.gradient(y, x, output_gradients=cotangent)}


def _measured(y):
    """Of each forward the mean and the fraction kept; the variance across the forwards, the mean of all elements."""
    across = y - y[0]  # equal forwards have exactly no variance, which their rounded mean would blur
    variance = tf.math.reduce_variance(across, 0) * (FORWARDS / (FORWARDS - 1))  # of a sample
    return {
        "mean": tf.reduce_mean(y, (1, 2)),
        "kept": tf.reduce_mean(tf.cast(y != 0, y.dtype), (1, 2)),
        "variance": tf.reduce_mean(variance),
    }
