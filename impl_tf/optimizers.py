"""SGD with momentum and Adam in TensorFlow/Keras."""

import keras
import tensorflow as tf

NAMES = ("hidden.weight", "hidden.bias", "out.weight", "out.bias")  # of net.trainable_variables


def build(params, lr, momentum, adam_lr, beta1, beta2, eps):
    inputs, hidden = params["hidden.weight"].shape
    classes = params["out.bias"].shape[0]
    net = keras.Sequential(
        [keras.Input((inputs,)), keras.layers.Dense(hidden, activation="tanh"), keras.layers.Dense(classes)]
    )
    net.set_weights([params[name] for name in NAMES])
    # Rates, momentum and betas that float32 holds exactly, since Keras rounds them to it (OPT-F64-LR, OPT-F64-MOM,
    # OPT-ADAM-F32BETA); an epsilon below rounding, since it stands elsewhere (OPT-ADAM-EPS, OPT-ADAM-EPSHAT).
    sgd = keras.optimizers.SGD(lr, momentum=momentum)
    adam = keras.optimizers.Adam(adam_lr, beta_1=beta1, beta_2=beta2, epsilon=eps)
    for optimizer in (sgd, adam):
        optimizer.build(net.trainable_variables)
    return net, sgd, adam


def sgd_step(model, batch):
    net, optimizer, _ = model
    loss, grads = _step(net, optimizer, batch, batch["order"][0, 0])
    return {"loss": loss, **grads, **_weights(net), **_momentum(optimizer)}


def adam_step(model, batch):
    net, _, optimizer = model
    loss, grads = _step(net, optimizer, batch, batch["order"][0, 0])
    return {"loss": loss, **grads, **_weights(net), **_moments(optimizer)}


def sgd(model, batch):
    net, optimizer, _ = model
    return {**_train(net, optimizer, batch), **_weights(net), **_momentum(optimizer)}


def adam(model, batch):
    net, _, optimizer = model
    return {**_train(net, optimizer, batch), **_weights(net), **_moments(optimizer)}


def _train(net, optimizer, batch):
    losses = [tf.reduce_mean([_step(net, optimizer, batch, rows)[0] for rows in order]) for order in batch["order"]]
    return {"losses": tf.stack(losses), "norm": tf.linalg.global_norm([w.value for w in net.trainable_variables])}


def _step(net, optimizer, batch, rows):
    x, labels = tf.gather(batch["x"], rows), tf.gather(batch["labels"], rows)
    with tf.GradientTape() as tape:
        losses = keras.losses.sparse_categorical_crossentropy(labels, net(x), from_logits=True)  # CE-LOGITS
        loss = tf.reduce_mean(losses)
    grads = tape.gradient(loss, net.trainable_variables)
    optimizer.apply(grads)
    return loss, {f"grad.{name}": g for name, g in zip(NAMES, grads)}


def _weights(net):
    return {name: w.value + 0 for name, w in zip(NAMES, net.trainable_variables)}


def _momentum(optimizer):
    # Keras keeps -lr v where torch keeps v (OPT-SGD-LRCHANGE).
    return {f"momentum.{name}": v / -optimizer.learning_rate for name, v in zip(NAMES, optimizer.momentums)}


def _moments(optimizer):
    # After the iteration and the rate an optimizer's variables are each weight's first and second moment.
    moments = [v.value + 0 for v in optimizer.variables[2:]]
    first = {f"exp_avg.{name}": m for name, m in zip(NAMES, moments[::2])}
    return {**first, **{f"exp_avg_sq.{name}": v for name, v in zip(NAMES, moments[1::2])}}
