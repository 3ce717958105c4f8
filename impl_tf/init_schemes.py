"""Initialisation in TensorFlow/Keras."""

import math

import keras
import numpy as np
import tensorflow as tf


def build(params):
    return params


def xavier(model, batch):
    return _initialised(model, batch["x"], _xavier_bound)


def kaiming(model, batch):
    return _initialised(model, batch["x"], _kaiming_bound)


def native(model, batch):
    shape, dtype = model["0.draws"].shape, model["0.draws"].dtype
    found, within = {}, True
    for name, initialise, bound in (
        ("xavier", keras.initializers.GlorotUniform(), _xavier_bound),  # an object each (INIT-SHARED)
        ("kaiming", keras.initializers.HeUniform(), _kaiming_bound),
    ):
        w = initialise(shape, dtype=dtype.name)
        found[name] = tf.math.reduce_std(w)
        limit = dtype.as_numpy_dtype(bound(*shape))
        within = within and np.abs(w).max() <= np.nextafter(limit, dtype.as_numpy_dtype(np.inf))
    return {**found, "within_bounds": within}


def _initialised(model, a, bound):
    weights, deviations = {}, []
    for layer in range(len(model)):
        draws = model[f"{layer}.draws"]
        # Dense would draw Xavier (INIT-DENSE-W) and have a bias of zeros (INIT-DENSE-B).
        w = (2 * draws - 1) * tf.constant(bound(*draws.shape), draws.dtype)
        z = a @ w
        a = tf.nn.relu(z)
        weights[f"{layer}.weight"] = w
        deviations.append(tf.math.reduce_std(z))
    return {**weights, "deviations": tf.stack(deviations)}


def _xavier_bound(fan_in, fan_out):
    return math.sqrt(6 / (fan_in + fan_out))


def _kaiming_bound(fan_in, fan_out):
    return math.sqrt(6 / fan_in)
