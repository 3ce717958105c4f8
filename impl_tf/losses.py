"""Losses in TensorFlow/Keras."""

import keras
import tensorflow as tf


def build(params):
    # Keras takes probabilities unless told otherwise (CE-LOGITS), and computes in floatx whatever it gets (DT-LOSSF32).
    return (
        keras.losses.MeanSquaredError(),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        keras.losses.BinaryCrossentropy(from_logits=True),
    )


def forward(model, batch):
    mse, cross_entropy, bce = _losses(model, batch)
    return {"mse": mse, "cross_entropy": cross_entropy, "bce": bce}


def backward(model, batch):
    inputs = [batch["prediction"], batch["logits"], batch["z"]]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        mse, cross_entropy, bce = _losses(model, batch)
        total = mse + cross_entropy + bce  # no input is in two of them
    dprediction, dlogits, dz = tape.gradient(total, inputs)
    return {
        "mse": mse,
        "cross_entropy": cross_entropy,
        "bce": bce,
        "grad.prediction": dprediction,
        "grad.logits": dlogits,
        "grad.z": dz,
    }


def extremes(model, batch):
    _, cross_entropy, bce = model
    logits, z = batch["extreme_logits"], batch["extreme_z"]
    with tf.GradientTape() as tape:
        tape.watch([logits, z])
        losses = cross_entropy(batch["extreme_labels"], logits), bce(batch["extreme_truth"], z)
        total = sum(losses)
    dlogits, dz = tape.gradient(total, [logits, z])
    return {"cross_entropy": losses[0], "bce": losses[1], "grad.extreme_logits": dlogits, "grad.extreme_z": dz}


def _losses(model, batch):
    mse, cross_entropy, bce = model
    return (
        mse(batch["target"], batch["prediction"]),
        cross_entropy(batch["labels"], batch["logits"]),
        bce(batch["truth"], batch["z"]),
    )
