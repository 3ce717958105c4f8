"""Initialisation in TensorFlow/Keras."""

import math

import keras
import tensorflow as tf


def build(params):
    return params, _given(params, _xavier_bound), _given(params, _kaiming_bound)


def xavier(model, batch):
    _, net, _ = model
    return _forward(net, batch["x"])


def kaiming(model, batch):
    _, _, net = model
    return _forward(net, batch["x"])


def native(model, batch):
    params, *_ = model
    default = _mlp(params)
    xavier = _mlp(params, keras.initializers.GlorotUniform)
    kaiming = _mlp(params, keras.initializers.HeUniform)
    normal = _mlp(params, keras.initializers.GlorotNormal)
    return {
        "xavier": _deviations(xavier),
        "kaiming": _deviations(kaiming),
        "normal": _deviations(normal),
        "default": _deviations(default),
        "xavier_fits": _fits(xavier, _xavier_bound),
        "kaiming_fits": _fits(kaiming, _kaiming_bound),
        "normal_fits": _fits(normal, _xavier_bound),
        "default_is_xavier": _fits(default, _xavier_bound),
        "default_is_kaiming": _fits(default, _kaiming_bound),
    }


def _mlp(params, initializer=None):
    def dense(units):
        # An object for each layer: a shared one would draw the same numbers again (INIT-SHARED).
        return keras.layers.Dense(units, **({"kernel_initializer": initializer()} if initializer else {}))

    (inputs, hidden), _, (_, classes) = [draws.shape for draws in params.values()]
    return keras.Sequential(
        [
            keras.Input((inputs,)),
            dense(hidden),
            keras.layers.ReLU(),
            dense(hidden),
            keras.layers.ReLU(),
            dense(classes),
        ]
    )


def _given(params, bound):
    net = _mlp(params)  # a Dense draws Xavier's weights (INIT-DENSE-W), and its bias is zero (INIT-DENSE-B)
    for layer, draws in zip(_dense(net), params.values()):
        layer.kernel.assign((2 * draws - 1) * tf.constant(bound(*draws.shape), draws.dtype))
    return net


def _forward(net, a):
    deviations = []
    for layer in net.layers:
        a = layer(a)
        if isinstance(layer, keras.layers.Dense):
            deviations.append(tf.math.reduce_std(a))
    weights = {f"{2 * place}.weight": layer.kernel.value + 0 for place, layer in enumerate(_dense(net))}
    return {**weights, "deviations": tf.stack(deviations)}


def _dense(net):
    return [layer for layer in net.layers if isinstance(layer, keras.layers.Dense)]


def _deviations(net):
    return tf.stack([tf.math.reduce_std(layer.kernel) for layer in _dense(net)])


def _fits(net, bound):
    # Of n uniform draws the largest lies more than 20 / n below the bound once in e²⁰; a normal's goes beyond.
    weights = [layer.kernel.numpy() for layer in _dense(net)]
    return [abs(1 - abs(w).max() / bound(*w.shape)) < 20 / w.size for w in weights]


def _xavier_bound(fan_in, fan_out):
    return math.sqrt(6 / (fan_in + fan_out))


def _kaiming_bound(fan_in, fan_out):
    return math.sqrt(6 / fan_in)
