"""Wide or deep in TensorFlow/Keras."""

import keras
import tensorflow as tf


def build(params, lr):
    nets = {}
    for name in ("wide", "deep"):
        weights = [w for key, w in params.items() if key.startswith(name)]
        *hidden, last = [w.shape[1] for w in weights[::2]]
        net = keras.Sequential(
            [
                keras.Input((weights[0].shape[0],)),
                *[keras.layers.Dense(width, activation="tanh") for width in hidden],
                keras.layers.Dense(last),
            ]
        )
        net.set_weights(weights)
        optimizer = keras.optimizers.SGD(lr)
        optimizer.build(net.trainable_variables)
        nets[name] = net, optimizer
    return nets


def wide_step(model, batch):
    return _learned("wide", model, *_step(*model["wide"], batch["x"], batch["target"]))


def deep_step(model, batch):
    return _learned("deep", model, *_step(*model["deep"], batch["x"], batch["target"]))


def train(model, batch):
    x, target = batch["x"], batch["target"]
    # From arrays fit would build a pipeline anew in each epoch, which takes longer than these epochs.
    data = tf.data.Dataset.from_tensor_slices((x, target)).batch(batch["rows"].shape[1])
    losses, final = {}, []
    for name, (net, optimizer) in model.items():
        net.compile(optimizer=optimizer, loss=keras.losses.MeanSquaredError(), jit_compile=False)
        # FIT-SHUFFLE: fit shuffles by default.  FIT-LOSS: its loss is the mean over the batches as the weights move.
        history = net.fit(data, epochs=len(batch["epochs"]), shuffle=False, verbose=0)
        losses[name] = tf.constant(history.history["loss"], x.dtype)
        final.append(keras.losses.MeanSquaredError()(target, net(x)))
    return {**losses, "final": tf.stack(final)}


def count(model, batch):
    wide, deep = (net.count_params() for net, _ in model.values())
    return {"parameters": (wide, deep)}


def _step(net, optimizer, x, target):
    with tf.GradientTape() as tape:
        loss = keras.losses.MeanSquaredError()(target, net(x))
    grads = tape.gradient(loss, net.trainable_variables)
    optimizer.apply(grads)
    return loss, grads


def _learned(name, model, loss, grads):
    net, _ = model[name]
    names = [f"{name}.{layer}.{part}" for layer in range(len(net.layers)) for part in ("weight", "bias")]
    weights = {name: w.value for name, w in zip(names, net.trainable_variables)}
    return {"loss": loss, **{f"grad.{name}": g for name, g in zip(names, grads)}, **weights}
