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


def first_update(model, batch):
    net, *optimizers = model
    before, moved = net.get_weights(), []
    for optimizer in optimizers:
        net.set_weights(before)
        _step(net, optimizer, batch, batch["order"][0, 0])
        moves = tf.concat([tf.reshape(abs(w - old), [-1]) for w, old in zip(net.trainable_variables, before)], 0)
        moved.append(tf.math.count_nonzero(abs(moves / optimizer.learning_rate - 1) < 0.01))
    return {"weights": net.count_params(), "sgd_by_rate": moved[0], "adam_by_rate": moved[1]}


def sgd(model, batch):
    net, optimizer, _ = model
    losses = _fit(net, optimizer, batch)
    return {"losses": losses, "norm": _norm(net), **_weights(net), **_momentum(optimizer)}


def adam(model, batch):
    net, _, optimizer = model
    losses = _fit(net, optimizer, batch)
    return {"losses": losses, "norm": _norm(net), **_weights(net), **_moments(optimizer)}


def textbook(model, batch):
    sgd_net, *_ = model
    adam_net = keras.models.clone_model(sgd_net)
    adam_net.set_weights(sgd_net.get_weights())
    # As they come the momentum and the betas go through float32 (OPT-F64-MOM, OPT-ADAM-F32BETA), and epsilon stands
    # before the correction of the bias (OPT-ADAM-EPSHAT); its default would be 1e-7 (OPT-ADAM-EPS).
    return {
        "sgd_losses": _fit(sgd_net, keras.optimizers.SGD(0.1, momentum=0.9), batch),
        "adam_losses": _fit(adam_net, keras.optimizers.Adam(0.1, beta_1=0.9, beta_2=0.999, epsilon=1e-8), batch),
        "sgd_norm": _norm(sgd_net),
        "adam_norm": _norm(adam_net),
    }


def _fit(net, optimizer, batch):
    epochs, steps, n = batch["order"].shape
    rows = tf.reshape(batch["order"], [-1, n])  # the given order, in place of fit's own (FIT-SHUFFLE)
    data = tf.data.Dataset.from_tensor_slices((tf.gather(batch["x"], rows), tf.gather(batch["labels"], rows)))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)  # CE-LOGITS
    optimizer.build(net.trainable_variables)  # inside fit it would make Keras trace the training step twice
    net.compile(optimizer=optimizer, loss=loss, jit_compile=False)
    history = net.fit(data, epochs=epochs, steps_per_epoch=steps, shuffle=False, verbose=0)
    return tf.constant(history.history["loss"], batch["x"].dtype)  # means as the weights move (FIT-LOSS)


def _step(net, optimizer, batch, rows):
    x, labels = tf.gather(batch["x"], rows), tf.gather(batch["labels"], rows)
    with tf.GradientTape() as tape:
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)(labels, net(x))  # CE-LOGITS
    grads = tape.gradient(loss, net.trainable_variables)
    optimizer.apply(grads)
    return loss, {f"grad.{name}": g for name, g in zip(NAMES, grads)}


def _norm(net):
    return tf.linalg.global_norm([w.value for w in net.trainable_variables])


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
