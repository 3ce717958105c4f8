"""Overfitting in TensorFlow/Keras."""

import keras
import tensorflow as tf

NAMES = ("hidden.weight", "hidden.bias", "out.weight", "out.bias")  # of net.trainable_variables
MOST_EPOCHS = 1000  # a training that went wrong ends too


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
    net, _ = model
    losses, correct, validation_correct = [], [], []
    while not correct or (correct[-1] < len(batch["x"]) and len(correct) < MOST_EPOCHS):
        losses.append(_step(model, batch)["loss"])
        correct.append(_correct(net, batch["x"], batch["labels"]))
        validation_correct.append(_correct(net, batch["validation_x"], batch["validation_labels"]))
    losses, correct, validation_correct = tf.stack(losses), tf.stack(correct), tf.stack(validation_correct)
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
        loss = keras.losses.sparse_categorical_crossentropy(batch["labels"], logits, from_logits=True)  # CE-LOGITS
        loss = tf.reduce_mean(loss)
    grads = tape.gradient(loss, net.trainable_variables)
    optimizer.apply(grads)
    return {"loss": loss, **{f"grad.{name}": g for name, g in zip(NAMES, grads)}}


def _correct(net, x, labels):
    return tf.reduce_sum(tf.cast(tf.argmax(net(x), -1) == labels, tf.int64))


def _weights(net):
    return {name: w.value + 0 for name, w in zip(NAMES, net.trainable_variables)}
