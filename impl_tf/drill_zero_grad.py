"""The forgotten zero_grad in TensorFlow/Keras, where the accumulator is explicit (AG-ACCUM)."""

import keras
import numpy as np
import tensorflow as tf

NAMES = ("hidden.weight", "hidden.bias", "out.weight", "out.bias")  # of net.trainable_variables


def build(params, lr, momentum):
    inputs, hidden = params["hidden.weight"].shape
    net = keras.Sequential(
        [keras.Input((inputs,)), keras.layers.Dense(hidden, activation="tanh"), keras.layers.Dense(1)]
    )
    net.set_weights([params[name] for name in NAMES])
    # A plain number would be rounded to float32, which 0.9 does not survive (OPT-F64-MOM).
    optimizer = keras.optimizers.SGD(lr, momentum=np.float64(momentum))
    optimizer.build(net.trainable_variables)
    return net, optimizer


def broken(model, batch):
    return _drill(model, batch, zero=False)


def fixed(model, batch):
    return _drill(model, batch, zero=True)


def _drill(model, batch, *, zero):
    net, optimizer = model
    kept = [tf.Variable(tf.zeros_like(w)) for w in net.trainable_variables]
    _backward(net, batch, kept)
    once = kept[0] + 0
    if zero:
        _zero(kept)
    cleared = not any(tf.reduce_any(g != 0) for g in kept)
    _backward(net, batch, kept)
    twice, losses = kept[0] + 0, []
    _zero(kept)
    for _ in batch["steps"]:
        if zero:
            _zero(kept)
        losses.append(_backward(net, batch, kept))
        optimizer.apply([g.value() for g in kept])
    return {
        "once": once,
        "twice": twice,
        "is_twice": tf.reduce_all(twice == 2 * once),
        "norms": tf.stack([tf.norm(once), tf.norm(twice)]),
        "cleared": cleared,
        "losses": tf.stack(losses),
    }


def _backward(net, batch, kept):
    with tf.GradientTape() as tape:
        loss = keras.losses.MeanSquaredError()(batch["target"], net(batch["x"]))
    for total, g in zip(kept, tape.gradient(loss, net.trainable_variables)):
        total.assign_add(g)  # the tape does not (AG-ACCUM)
    return loss


def _zero(kept):
    for total in kept:
        total.assign(tf.zeros_like(total))
