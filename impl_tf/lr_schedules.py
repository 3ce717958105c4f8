"""Learning-rate schedules in TensorFlow/Keras."""

import keras
import tensorflow as tf

NAMES = ("hidden.weight", "hidden.bias", "out.weight", "out.bias")  # of net.trainable_variables


def build(params, lr, momentum, step_size, gamma, t_max, eta_min):
    inputs, hidden = params["hidden.weight"].shape
    classes = params["out.bias"].shape[0]
    net = keras.Sequential(
        [keras.Input((inputs,)), keras.layers.Dense(hidden, activation="tanh"), keras.layers.Dense(classes)]
    )
    net.set_weights([params[name] for name in NAMES])
    # A Python float would be rounded to float32 here, a NumPy one is not (OPT-F64-LR).
    rate, schedules = params["out.bias"].dtype.as_numpy_dtype(lr), keras.optimizers.schedules

    def step_lr(unit):  # LR-STEP: smooth by default
        return schedules.ExponentialDecay(rate, step_size * unit, gamma, staircase=True)

    def cosine(unit):  # LR-COS-MIN: the floor is a fraction
        return schedules.CosineDecay(rate, t_max * unit, alpha=eta_min / lr)

    return net, lr, momentum, step_lr, cosine


def step_lr(model, batch):
    net, lr, momentum, schedule, _ = model
    return _train(net, keras.optimizers.SGD(lr, momentum=momentum), batch, schedule(1))


def cosine(model, batch):
    net, lr, momentum, _, schedule = model
    return _train(net, keras.optimizers.SGD(lr, momentum=momentum), batch, schedule(1))


def step_lr_given(model, batch):
    net, _, momentum, schedule, _ = model
    # An optimizer advances its schedule at every batch: the unit is an epoch's batches (LR-UNIT).
    return _train(net, keras.optimizers.SGD(schedule(batch["order"].shape[1]), momentum=momentum), batch)


def cosine_given(model, batch):
    net, _, momentum, _, schedule = model
    return _train(net, keras.optimizers.SGD(schedule(batch["order"].shape[1]), momentum=momentum), batch)


def _train(net, optimizer, batch, schedule=None):
    optimizer.build(net.trainable_variables)
    loss_of = keras.losses.SparseCategoricalCrossentropy(from_logits=True)  # CE-LOGITS

    @tf.function
    def train_step(x, labels):
        with tf.GradientTape() as tape:
            loss = loss_of(labels, net(x))
        optimizer.apply(tape.gradient(loss, net.trainable_variables))
        return loss

    rates, losses, sizes = [], [], []
    for epoch, order in enumerate(batch["order"]):
        if schedule:
            _set_rate(optimizer, schedule(epoch))
        rates.append(optimizer.learning_rate + 0)
        of_batches = []
        for rows in order:
            rate = optimizer.learning_rate + 0  # of this update; a schedule in the optimizer goes on with it
            of_batches.append(train_step(tf.gather(batch["x"], rows), tf.gather(batch["labels"], rows)))
        losses.append(tf.reduce_mean(of_batches))
        velocity = {f"momentum.{name}": v / -rate for name, v in zip(NAMES, optimizer.momentums)}
        sizes.append(tf.linalg.global_norm(list(velocity.values())))
    curves = {"rates": tf.stack(rates), "losses": tf.stack(losses), "velocity": tf.stack(sizes)}
    return {**curves, **{name: w.value + 0 for name, w in zip(NAMES, net.trainable_variables)}, **velocity}


def _set_rate(optimizer, rate):
    # Keras keeps -lr v where torch keeps v: a new rate must reach the velocity too (OPT-SGD-LRCHANGE).
    before = optimizer.learning_rate.value + 0
    optimizer.learning_rate.assign(rate)
    for velocity in optimizer.momentums:
        velocity.assign(velocity * (optimizer.learning_rate / before))
