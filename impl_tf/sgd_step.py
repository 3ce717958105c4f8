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
    return net, keras.losses.MeanSquaredError(), optimizer


def step(model, batch):
    net, criterion, optimizer = model
    loss, grads = _gradients(net, criterion, batch)
    optimizer.apply(grads)
    return {
        "loss": loss,
        **{f"grad.{name}": g for name, g in zip(NAMES, grads)},
        **{name: w.value for name, w in zip(NAMES, net.trainable_variables)},
    }


def descent(model, batch):
    net, criterion, optimizer = model
    before, grads = _gradients(net, criterion, batch)
    optimizer.apply(grads)
    after = criterion(batch["target"], net(batch["x"]))
    return {"before": before, "after": after, "finite": tf.math.is_finite(after)}


def zeroing(model, batch):
    net, criterion, _ = model
    _, grads = _gradients(net, criterion, batch)
    kept = [tf.Variable(g) for g in grads]  # a tape keeps nothing, so there is nothing to zero (AG-ACCUM)
    before = tf.norm(kept[0])
    for total, g in zip(kept, _gradients(net, criterion, batch)[1]):
        total.assign_add(g)
    twice = tf.norm(kept[0])
    for g in kept:
        g.assign(tf.zeros_like(g))
    after = tf.norm(kept[0])
    kept = [None] * len(kept)
    none = all(g is None for g in kept)
    return {"norm_before": before, "norm_twice": twice, "norm_after": after, "none_after": none}


def _gradients(net, criterion, batch):
    with tf.GradientTape() as tape:
        loss = criterion(batch["target"], net(batch["x"]))
    return loss, tape.gradient(loss, net.trainable_variables)
