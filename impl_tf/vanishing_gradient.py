"""Vanishing gradients in TensorFlow/Keras."""

import keras
import tensorflow as tf


def build(params):
    return {
        "tanh": _net(params, "default", "tanh"),
        "relu": _net(params, "default", "relu"),  # the hidden activations swapped
        "kaiming": _net(params, "kaiming", "relu"),
    }


def tanh(model, batch):
    return _gradients(model["tanh"], "default", batch)


def relu(model, batch):
    return _gradients(model["relu"], "default", batch)


def kaiming(model, batch):
    return _gradients(model["kaiming"], "kaiming", batch)


def _net(params, scheme, activation):
    weights = [w for name, w in params.items() if name.startswith(scheme)]
    layers = []
    for w in weights[::2]:
        layers += [keras.layers.Dense(w.shape[1]), keras.layers.Activation(activation)]
    net = keras.Sequential([keras.Input((weights[0].shape[0],)), *layers[:-1]])
    net.set_weights(weights)
    return net


def _gradients(net, scheme, batch):
    weights = net.trainable_variables
    with tf.GradientTape() as tape:
        a, zs = batch["x"], []
        for layer in net.layers:
            a = layer(a)
            if isinstance(layer, keras.layers.Dense):
                zs.append(a)
        loss = keras.losses.MeanSquaredError()(batch["target"], a)
    gradients = tape.gradient(loss, [*zs, *weights])
    dzs, grads = gradients[: len(zs)], gradients[len(zs) :]
    norms = tf.stack([tf.norm(dw) for dw in grads[::2]])
    rms = tf.stack([tf.sqrt(tf.reduce_mean(tf.square(dz))) for dz in dzs[:-1]])
    ratios = {"norm_ratio": norms[0] / norms[-1], "rms_ratio": rms[0] / rms[-1]}
    names = [f"grad.{scheme}.{2 * place}.{part}" for place in range(len(zs)) for part in ("weight", "bias")]
    return {"loss": loss, "norms": norms, "rms": rms, **ratios, **dict(zip(names, grads))}
