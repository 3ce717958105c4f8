"""Accuracy, precision and recall in TensorFlow."""

import tensorflow as tf

# The stages' scores and labels.
CASES = {"binary": ("score", "truth"), "no_positive": ("no_positive", "truth"), "none_true": ("score", "none_true")}


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


def single(model, batch):
    return _precision_and_recall(batch["single"], batch["single_true"])


def scikit_learn(model, batch):
    from sklearn.metrics import accuracy_score, precision_score, recall_score

    found = {"accuracy": accuracy_score(batch["labels"].numpy(), tf.argmax(batch["logits"], axis=1).numpy())}
    for case, (score, truth) in CASES.items():
        predicted, true = (batch[score] > 0)[:, 0].numpy(), batch[truth][:, 0].numpy()
        found[f"{case}.precision"] = precision_score(true, predicted, zero_division=0)
        found[f"{case}.recall"] = recall_score(true, predicted, zero_division=0)
    return {name: tf.constant(value, batch["score"].dtype) for name, value in found.items()}


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
