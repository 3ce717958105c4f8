"""Dropout left on, in TensorFlow/Keras."""

import keras
import tensorflow as tf


class Net(keras.Model):
    def __init__(self, hidden, p):
        super().__init__()
        self.hidden = keras.layers.Dense(hidden, activation="tanh")
        self.out = keras.layers.Dense(10, use_bias=False)
        self.p = p

    def call(self, x, mask, training=False):
        a = self.hidden(x)
        if training:
            a = a * tf.cast(mask, a.dtype) / (1 - self.p)  # layers.Dropout, the mask given (DROP-SCALE)
        return self.out(a)


def build(params, p):
    inputs, hidden = params["hidden.weight"].shape
    net = Net(hidden, p)
    net.hidden.build((None, inputs))
    net.out.build((None, hidden))
    net.set_weights([params["hidden.weight"], params["hidden.bias"], params["out.weight"]])
    return net


def broken(model, batch):
    return _validate(model, batch, training=True)  # a bare call would be inference (DROP-MODE)


def fixed(model, batch):
    return _validate(model, batch, training=False)


def _validate(model, batch, *, training):
    logits = model(batch["x"], batch["mask"], training=training)
    right = tf.argmax(logits, -1) == batch["labels"]
    loss = keras.losses.sparse_categorical_crossentropy(batch["labels"], logits, from_logits=True)  # CE-LOGITS
    return {
        "loss": tf.reduce_mean(loss),
        "correct": tf.reduce_sum(tf.cast(right, tf.int64)),
        "accuracy": tf.reduce_mean(tf.cast(right, logits.dtype)),
    }
