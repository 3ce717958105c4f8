"""Dropout left on, in TensorFlow/Keras."""

import keras
import tensorflow as tf

CALLS = 5


class Net(keras.Model):
    def __init__(self, hidden, p):
        super().__init__()
        self.hidden = keras.layers.Dense(hidden, activation="tanh")
        self.dropout = keras.layers.Dropout(p)
        self.out = keras.layers.Dense(10, use_bias=False)

    def call(self, x, kept=None, training=False):  # not `mask`, which is a sequence's in Keras
        a = self.hidden(x)
        if not training or kept is None:
            return self.out(self.dropout(a, training=training))
        return self.out(a * tf.cast(kept, a.dtype) / (1 - self.dropout.rate))  # what the layer would do (DROP-SCALE)


def build(params, p):
    inputs, hidden = params["hidden.weight"].shape
    net = Net(hidden, p)
    net.hidden.build((None, inputs))
    net.out.build((None, hidden))
    net.set_weights([params["hidden.weight"], params["hidden.bias"], params["out.weight"]])
    return net


def broken(model, batch):
    # A bare call would be inference (DROP-MODE).
    return _gathered([_validate(model, batch, mask, training=True) for mask in tf.unstack(batch["masks"])])


def fixed(model, batch):
    return _gathered([_validate(model, batch, None, training=False) for _ in range(CALLS)])


def native(model, batch):
    train = _gathered([_validate(model, batch, None, training=True) for _ in range(CALLS)])["loss"]
    evaluated = _gathered([_validate(model, batch, None, training=False) for _ in range(CALLS)])["loss"]
    return {"train_varies": _vary(train), "eval_varies": _vary(evaluated)}


def _validate(model, batch, mask, *, training):
    """The metrics of one call; without a mask the layer drops what it draws, or nothing in evaluation."""
    logits = model(batch["x"], mask, training=training)
    right = tf.argmax(logits, -1) == batch["labels"]
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)(batch["labels"], logits)  # CE-LOGITS
    return {
        "loss": loss,
        "correct": tf.reduce_sum(tf.cast(right, tf.int64)),
        "accuracy": tf.reduce_mean(tf.cast(right, logits.dtype)),
    }


def _vary(losses):
    return tf.reduce_any(losses != losses[0])


def _gathered(calls):
    return {name: tf.stack([metrics[name] for metrics in calls]) for name in calls[0]}
