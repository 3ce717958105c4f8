"""Softmax before the cross-entropy, in TensorFlow/Keras."""

import keras
import tensorflow as tf

NAMES = ("hidden.weight", "hidden.bias", "out.weight", "out.bias")  # of net.trainable_variables


def build(params, lr):
    inputs, hidden = params["hidden.weight"].shape
    classes = params["out.bias"].shape[0]
    net = keras.Sequential(
        [keras.Input((inputs,)), keras.layers.Dense(hidden, activation="tanh"), keras.layers.Dense(classes)]
    )
    net.set_weights([params[name] for name in NAMES])
    optimizer = keras.optimizers.SGD(lr)
    optimizer.build(net.trainable_variables)
    return net, optimizer


def broken(model, batch):
    # Not keras.layers.Softmax: that leaves its logits on what it returns, and the loss takes them, with a warning.
    return _train(model, batch, tf.nn.softmax)


def fixed(model, batch):
    return _train(model, batch, keras.layers.Identity())


def _train(model, batch, head):
    net, optimizer = model
    losses = []
    for _ in batch["epochs"]:
        with tf.GradientTape() as tape:
            scores = head(net(batch["x"]))  # Keras would take probabilities, unless told not to (CE-LOGITS)
            loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)(batch["labels"], scores)
        optimizer.apply(tape.gradient(loss, net.trainable_variables))
        losses.append(loss)
    weights = {name: w.value for name, w in zip(NAMES, net.trainable_variables)}
    return {"losses": tf.stack(losses), "remains": losses[-1] / losses[0], **weights}
