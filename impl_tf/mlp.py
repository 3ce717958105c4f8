"""Multilayer perceptron in TensorFlow/Keras."""

import keras
import tensorflow as tf

NAMES = ("0.weight", "0.bias", "2.weight", "2.bias", "4.weight", "4.bias")  # of net.trainable_variables


def build(params, lr):
    net = keras.Sequential(
        [
            keras.Input((params["0.weight"].shape[0],)),
            keras.layers.Dense(params["0.bias"].shape[0], activation="relu"),
            keras.layers.Dense(params["2.bias"].shape[0], activation="relu"),
            keras.layers.Dense(params["4.bias"].shape[0]),
        ]
    )
    net.set_weights([params[name] for name in NAMES])
    criterion = keras.losses.SparseCategoricalCrossentropy(from_logits=True)  # by default probabilities (CE-LOGITS)
    optimizer = keras.optimizers.SGD(lr)
    optimizer.build(net.trainable_variables)
    return net, criterion, optimizer


def forward(model, batch):
    net, criterion, _ = model
    logits = net(batch["x"])
    return {"logits": logits, "loss": criterion(batch["labels"], logits)}


def backward(model, batch):
    net, criterion, _ = model
    x, weights = batch["x"], net.trainable_variables
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = criterion(batch["labels"], net(x))
    dx, *grads = tape.gradient(loss, [x, *weights])
    return {"loss": loss, "grad.x": dx, **{f"grad.{name}": g for name, g in zip(NAMES, grads)}}


def step(model, batch):
    net, criterion, optimizer = model
    weights = net.trainable_variables
    with tf.GradientTape() as tape:
        loss = criterion(batch["labels"], net(batch["x"]))
    grads = tape.gradient(loss, weights)
    optimizer.apply(grads)
    return {
        "loss": loss,
        **{f"grad.{name}": g for name, g in zip(NAMES, grads)},
        **{name: w.value for name, w in zip(NAMES, weights)},
    }


def summary(model, batch):
    net, *_ = model
    return {
        "shape": net(batch["x"]).shape,
        "by_layer": [layer.count_params() for layer in net.layers],
        "parameters": net.count_params(),
    }
