"""Learning-rate schedules in TensorFlow/Keras."""

import keras
import numpy as np
import tensorflow as tf

NAMES = ("hidden.weight", "hidden.bias", "out.weight", "out.bias")  # of net.trainable_variables


def build(params, lr, momentum, step_size, gamma, t_max, eta_min):
    inputs, hidden = params["hidden.weight"].shape
    classes = params["out.bias"].shape[0]
    net = keras.Sequential(
        [keras.Input((inputs,)), keras.layers.Dense(hidden, activation="tanh"), keras.layers.Dense(classes)]
    )
    net.set_weights([params[name] for name in NAMES])
    optimizer = keras.optimizers.SGD(lr, momentum=momentum)
    optimizer.build(net.trainable_variables)
    # A Python float would be rounded to float32 here, a NumPy one is not (OPT-F64-LR).
    rate, schedules = np.float64(lr), keras.optimizers.schedules
    step_lr = schedules.ExponentialDecay(rate, step_size, gamma, staircase=True)  # LR-STEP: smooth by default
    cosine = schedules.CosineDecay(rate, t_max, alpha=eta_min / lr)  # LR-COS-MIN: the floor is a fraction
    return net, optimizer, step_lr, cosine


def step_lr(model, batch):
    net, optimizer, schedule, _ = model
    return _train(net, optimizer, schedule, batch)


def cosine(model, batch):
    net, optimizer, _, schedule = model
    return _train(net, optimizer, schedule, batch)


def _train(net, optimizer, schedule, batch):
    rates, losses = [], []
    for epoch, order in enumerate(batch["order"]):  # an optimizer would advance it at every batch (LR-UNIT)
        _set_rate(optimizer, schedule(epoch))
        rates.append(optimizer.learning_rate.numpy())
        losses.append(tf.reduce_mean([_step(net, optimizer, batch, rows) for rows in order]))
    velocity = {f"momentum.{name}": v / -optimizer.learning_rate for name, v in zip(NAMES, optimizer.momentums)}
    weights = {name: w.value + 0 for name, w in zip(NAMES, net.trainable_variables)}
    return {"rates": tf.stack(rates), "losses": tf.stack(losses), **weights, **velocity}


def _set_rate(optimizer, rate):
    # Keras keeps -lr v where torch keeps v: a new rate must reach the velocity too (OPT-SGD-LRCHANGE).
    before = optimizer.learning_rate.value + 0
    optimizer.learning_rate.assign(rate)
    for velocity in optimizer.momentums:
        velocity.assign(velocity * (optimizer.learning_rate / before))


def _step(net, optimizer, batch, rows):
    x, labels = tf.gather(batch["x"], rows), tf.gather(batch["labels"], rows)
    with tf.GradientTape() as tape:
        losses = keras.losses.sparse_categorical_crossentropy(labels, net(x), from_logits=True)  # CE-LOGITS
        loss = tf.reduce_mean(losses)
    optimizer.apply(tape.gradient(loss, net.trainable_variables))
    return loss
