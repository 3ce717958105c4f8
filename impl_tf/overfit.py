"""Overfitting in TensorFlow/Keras."""

import keras
import tensorflow as tf

NAMES = ("hidden.weight", "hidden.bias", "out.weight", "out.bias")  # of net.trainable_variables
MOST_EPOCHS = 1000  # a training that went wrong ends too


class Watch(keras.callbacks.Callback):
    """Counts after each epoch what is right, and ends the training when all is."""

    def __init__(self, batch):
        super().__init__()
        self.batch, self.correct, self.validation_correct = batch, [], []

    def on_epoch_end(self, epoch, logs=None):
        batch = self.batch
        self.correct.append(_correct(self.model, batch["x"], batch["labels"]))
        self.validation_correct.append(_correct(self.model, batch["validation_x"], batch["validation_labels"]))
        self.model.stop_training = bool(self.correct[-1] == len(batch["x"]))


def build(params, lr):
    inputs, hidden = params["hidden.weight"].shape
    net = keras.Sequential(
        [keras.Input((inputs,)), keras.layers.Dense(hidden, activation="tanh"), keras.layers.Dense(10)]
    )
    net.set_weights([params[name] for name in NAMES])
    optimizer = keras.optimizers.SGD(lr)
    optimizer.build(net.trainable_variables)
    return net, optimizer


def step(model, batch):
    net, _ = model
    return {**_step(model, batch), **_weights(net)}


def train(model, batch):
    net, optimizer = model
    net.compile(
        optimizer=optimizer,
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),  # CE-LOGITS
        jit_compile=False,
    )
    data = tf.data.Dataset.from_tensors((batch["x"], batch["labels"]))  # one batch of all; nothing to shuffle
    watch = Watch(batch)
    history = net.fit(data, epochs=MOST_EPOCHS, shuffle=False, verbose=0, callbacks=[watch])  # FIT-SHUFFLE
    losses = tf.constant(history.history["loss"], batch["x"].dtype)
    correct, validation_correct = tf.stack(watch.correct), tf.stack(watch.validation_correct)
    accuracy = tf.cast(correct, losses.dtype) / len(batch["x"])
    validation_accuracy = tf.cast(validation_correct, losses.dtype) / len(batch["validation_x"])
    return {
        "losses": losses,
        "correct": correct,
        "validation_correct": validation_correct,
        "accuracy": accuracy,
        "validation_accuracy": validation_accuracy,
        "gap": accuracy - validation_accuracy,
        **_weights(net),
    }


def _step(model, batch):
    net, optimizer = model
    with tf.GradientTape() as tape:
        logits = net(batch["x"])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)(batch["labels"], logits)  # CE-LOGITS
    grads = tape.gradient(loss, net.trainable_variables)
    optimizer.apply(grads)
    return {"loss": loss, **{f"grad.{name}": g for name, g in zip(NAMES, grads)}}


def _correct(net, x, labels):
    return tf.reduce_sum(tf.cast(tf.argmax(net(x), -1) == labels, tf.int64))


def _weights(net):
    return {name: w.value + 0 for name, w in zip(NAMES, net.trainable_variables)}
