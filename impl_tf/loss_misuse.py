"""Losses misused in Keras, which makes most of it fit."""

import keras
import tensorflow as tf


def build(params):
    return params


def mse_broadcast(model, batch):
    return {"loss": _mse(batch["target"], batch["prediction"])}


def float_labels(model, batch):  # taken for the integers that they are (CE-TARGET)
    return {"loss": _cross_entropy(tf.cast(batch["labels"], batch["logits"].dtype), batch["logits"])}


def one_hot_labels(model, batch):
    return {"loss": _cross_entropy(batch["one_hot"], batch["logits"])}


def label_out_of_range(model, batch):  # refused on a CPU, NaN under XLA and on a GPU (CE-OOR)
    return {"loss": _cross_entropy(batch["out_of_range"], batch["logits"])}


def negative_label(model, batch):
    return {"loss": _cross_entropy(batch["negative"], batch["logits"])}


def bce_broadcast(model, batch):  # made one shape (BCE-SHAPE)
    truth = tf.cast(batch["truth"][:, 0], batch["z"].dtype)
    return {"loss": _bce(truth, batch["z"])}


def integer_bce(model, batch):
    return {"loss": _bce(batch["truth"], batch["z"])}


def fixed(model, batch):
    return {
        "mse": _mse(batch["target"][:, None], batch["prediction"]),
        "cross_entropy": _cross_entropy(batch["labels"], batch["logits"]),
        "bce": _bce(batch["truth"], batch["z"]),
    }


def _mse(target, prediction):
    return keras.losses.MeanSquaredError(dtype=prediction.dtype.name)(target, prediction)


def _cross_entropy(labels, logits):  # of logits, as in the others (CE-LOGITS)
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True, dtype=logits.dtype.name)(labels, logits)


def _bce(target, z):
    return keras.losses.BinaryCrossentropy(from_logits=True, dtype=z.dtype.name)(target, z)
