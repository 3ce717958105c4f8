"""Overfitting in TensorFlow/Keras."""

import keras
import tensorflow as tf

NAMES = ("hidden.weight", "hidden.bias", "out.weight", "out.bias")  # of net.trainable_variables


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
    loss, _ = _step(model, batch)
    return {"loss": loss, **_weights(net)}


def train(model, batch):
    net, _ = model
    losses, correct, validation_correct = [], [], []
    while not correct or correct[-1] < len(batch["x"]):
        loss, right = _step(model, batch)
        losses.append(loss)
        correct.append(int(right))
        validation_correct.append(int(_correct(net(batch["validation_x"]), batch["validation_labels"])))
    losses = tf.stack(losses)
    gap = tf.constant(correct, losses.dtype) / len(batch["x"])
    gap -= tf.constant(validation_correct, losses.dtype) / len(batch["validation_x"])
    metrics = {"losses": losses, "correct": correct, "validation_correct": validation_correct, "gap": gap}
    return metrics | _weights(net)


def _step(model, batch):
    net, optimizer = model
    with tf.GradientTape() as tape:
        logits = net(batch["x"])
        loss = keras.losses.sparse_categorical_crossentropy(batch["labels"], logits, from_logits=True)
        loss = tf.reduce_mean(loss)
    optimizer.apply(tape.gradient(loss, net.trainable_variables))
    return loss, _correct(logits, batch["labels"])


def _correct(logits, labels):
    return tf.reduce_sum(tf.cast(tf.argmax(logits, -1) == labels, tf.int64))


def _weights(net):
    return {name: w.value + 0 for name, w in zip(NAMES, net.trainable_variables)}
