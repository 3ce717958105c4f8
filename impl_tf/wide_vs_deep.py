"""Wide or deep in TensorFlow/Keras."""

import keras
import tensorflow as tf


def build(params, lr):
    nets = {}
    for net in ("wide", "deep"):
        weights = [w for name, w in params.items() if name.startswith(net)]
        *hidden, last = [w.shape[1] for w in weights[::2]]
        model = keras.Sequential(
            [
                keras.Input((weights[0].shape[0],)),
                *[keras.layers.Dense(width, activation="tanh") for width in hidden],
                keras.layers.Dense(last),
            ]
        )
        model.set_weights(weights)
        optimizer = keras.optimizers.SGD(lr)
        optimizer.build(model.trainable_variables)
        nets[net] = model, optimizer
    return nets


def wide_step(model, batch):
    return _learned("wide", model, *_step("wide", model, batch))


def deep_step(model, batch):
    return _learned("deep", model, *_step("deep", model, batch))


def train(model, batch):
    losses = {net: tf.stack([_step(net, model, batch)[0] for _ in batch["epochs"]]) for net in model}
    final = [_mse(batch["target"], net(batch["x"])) for net, _ in model.values()]
    return {**losses, "final": tf.stack(final)}


def count(model, batch):
    wide, deep = (net.count_params() for net, _ in model.values())
    return {"parameters": (wide, deep), "within_2_percent": abs(wide - deep) <= 0.02 * wide}


def _step(name, model, batch):
    net, optimizer = model[name]
    with tf.GradientTape() as tape:
        loss = _mse(batch["target"], net(batch["x"]))
    grads = tape.gradient(loss, net.trainable_variables)
    optimizer.apply(grads)
    return loss, grads


def _learned(name, model, loss, grads):
    net, _ = model[name]
    names = [f"{name}.{layer}.{part}" for layer in range(len(grads) // 2) for part in ("weight", "bias")]
    weights = {name: w.value for name, w in zip(names, net.trainable_variables)}
    return {"loss": loss, **{f"grad.{name}": g for name, g in zip(names, grads)}, **weights}


def _mse(target, y):
    return tf.reduce_mean(keras.losses.mean_squared_error(target, y))
