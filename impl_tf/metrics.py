"""Accuracy, precision and recall in TensorFlow."""

import tensorflow as tf


def build(params):
    return params


def accuracy(model, batch):
    correct = tf.argmax(batch["logits"], axis=1) == batch["labels"]  # the default axis is 0 (RED-DEFAXIS)
    return {"correct": _count(correct), "accuracy": tf.reduce_mean(tf.cast(correct, batch["logits"].dtype))}


def binary(model, batch):
    return _precision_and_recall(batch["score"], batch["truth"])


def no_positive(model, batch):
    return _precision_and_recall(batch["no_positive"], batch["truth"])


def none_true(model, batch):
    return _precision_and_recall(batch["score"], batch["none_true"])


def _precision_and_recall(score, truth):
    # Strictly above the threshold counts as positive (MET-THR).
    predicted, true = score > 0, tf.cast(truth, tf.bool)
    tp, fp, fn = _count(predicted & true), _count(predicted & ~true), _count(~predicted & true)
    return {
        "counts": tf.stack([tp, fp, fn]),
        "precision": tf.cast(tp, score.dtype) / tf.cast(tf.maximum(tp + fp, 1), score.dtype),
        "recall": tf.cast(tp, score.dtype) / tf.cast(tf.maximum(tp + fn, 1), score.dtype),
    }


def _count(mask):
    return tf.reduce_sum(tf.cast(mask, tf.int64))
