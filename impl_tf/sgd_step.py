"""One step of gradient descent in TensorFlow/Keras."""

import keras
import tensorflow as tf

NAMES = ("hidden.weight", "hidden.bias", "out.weight", "out.bias")  # of net.trainable_variables


def build(params, lr):
    inputs, hidden = params["hidden.weight"].shape
    net = keras.Sequential(
        [keras.Input((inputs,)), keras.layers.Dense(hidden, activation="tanh"), keras.layers.Dense(1)]
    )
    net.set_weights([params[name] for name in NAMES])
    optimizer = keras.optimizers.SGD(lr)  # kept in float32, which holds this rate exactly (OPT-F64-LR)
    optimizer.build(net.trainable_variables)
    return net, optimizer


def step(model, batch):
    net, optimizer = model
    loss, grads = _gradients(net, batch)
    optimizer.apply(grads)
    return {
        "loss": loss,
        **{f"grad.{name}": g for name, g in zip(NAMES, grads)},
        **{name: w.value for name, w in zip(NAMES, net.trainable_variables)},
    }


def zeroing(model, batch):
    net, _ = model
    loss, grads = _gradients(net, batch)
    kept = [tf.Variable(g) for g in grads]  # a tape keeps nothing, so there is nothing to zero (AG-ACCUM)
    before = tf.linalg.global_norm(kept)
    for g in kept:
        g.assign(tf.zeros_like(g))
    return {"finite": tf.math.is_finite(loss), "norm_before": before, "norm_after": tf.linalg.global_norm(kept)}


def _gradients(net, batch):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(keras.losses.mean_squared_error(batch["target"], net(batch["x"])))
    return loss, tape.gradient(loss, net.trainable_variables)
