"""Losses misused in Keras, which makes most of it fit."""

import keras
import tensorflow as tf


def build(params):
    return (
        keras.losses.MeanSquaredError(),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),  # by default probabilities (CE-LOGITS)
        keras.losses.BinaryCrossentropy(from_logits=True),
    )


def mse_broadcast(model, batch):  # made one shape
    mse, _, _ = model
    return {"loss": mse(batch["target"], batch["prediction"])}


def mse_warning(model, batch):  # there is nothing to warn of
    mse, _, _ = model
    return {"loss": mse(batch["target"], batch["prediction"])}


def float_labels(model, batch):  # taken for the integers that they are (CE-TARGET)
    _, cross_entropy, _ = model
    return {"loss": cross_entropy(tf.cast(batch["labels"], batch["logits"].dtype), batch["logits"])}


def column_labels(model, batch):  # made one shape (CE-TARGET)
    _, cross_entropy, _ = model
    return {"loss": cross_entropy(batch["labels"][:, None], batch["logits"])}


def one_hot_labels(model, batch):
    _, cross_entropy, _ = model
    return {"loss": cross_entropy(batch["one_hot"], batch["logits"])}


def one_hot_floats(model, batch):
    _, cross_entropy, _ = model
    return {"loss": cross_entropy(tf.cast(batch["one_hot"], batch["logits"].dtype), batch["logits"])}


def label_out_of_range(model, batch):  # refused on a CPU, NaN under XLA and on a GPU (CE-OOR)
    _, cross_entropy, _ = model
    return {"loss": cross_entropy(batch["out_of_range"], batch["logits"])}


def negative_label(model, batch):
    _, cross_entropy, _ = model
    return {"loss": cross_entropy(batch["negative"], batch["logits"])}


def bce_broadcast(model, batch):  # made one shape (BCE-SHAPE)
    _, _, bce = model
    truth = tf.cast(batch["truth"][:, 0], batch["z"].dtype)
    return {"loss": bce(truth, batch["z"])}


def integer_bce(model, batch):
    _, _, bce = model
    return {"loss": bce(batch["truth"], batch["z"])}


def fixed(model, batch):
    mse, cross_entropy, bce = model
    return {
        "mse": mse(batch["target"][:, None], batch["prediction"]),
        "cross_entropy": cross_entropy(batch["labels"], batch["logits"]),
        "bce": bce(batch["truth"], batch["z"]),
    }
