"""Vanishing gradients in TensorFlow/Keras."""

import keras
import tensorflow as tf


def build(params):
    shapes = [w.shape for name, w in params.items() if name.endswith("weight")]
    layers = []
    for number, (inputs, outputs) in enumerate(shapes):
        layer = keras.layers.Dense(outputs)
        layer.build((None, inputs))
        layer.set_weights([params[f"{number}.weight"], params[f"{number}.bias"]])
        layers.append(layer)
    return layers


def tanh(model, batch):
    return _gradients(model, batch, tf.tanh)


def relu(model, batch):
    return _gradients(model, batch, tf.nn.relu)


def _gradients(model, batch, activation):
    *hidden, last = model
    weights = [w for layer in model for w in layer.trainable_variables]
    with tf.GradientTape() as tape:
        a = batch["x"]
        for layer in hidden:
            a = activation(layer(a))
        loss = tf.reduce_mean(keras.losses.mean_squared_error(batch["target"], last(a)))
    grads = tape.gradient(loss, weights)
    names = [f"grad.{layer}.{part}" for layer in range(len(model)) for part in ("weight", "bias")]
    norms = tf.stack([tf.norm(g) for g in grads[::2]])
    return {"loss": loss, "norms": norms, "first": norms[0], **dict(zip(names, grads))}
