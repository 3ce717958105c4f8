"""Accuracy, precision and recall in NumPy."""

import numpy as np

from impl_numpy import ops


def build(params):
    return params


def accuracy(model, batch):
    correct = ops.argmax(batch["logits"]) == batch["labels"]
    return {"correct": correct.sum(), "accuracy": correct.astype(batch["logits"].dtype).mean()}


def binary(model, batch):
    return _precision_and_recall(batch["score"], batch["truth"])


def no_positive(model, batch):
    return _precision_and_recall(batch["no_positive"], batch["truth"])


def none_true(model, batch):
    return _precision_and_recall(batch["score"], batch["none_true"])


def _precision_and_recall(score, truth):
    # Strictly above the threshold counts as positive (MET-THR).
    predicted, true = ops.positive(score), truth.astype(bool)
    tp, fp, fn = (predicted & true).sum(), (predicted & ~true).sum(), (~predicted & true).sum()
    return {
        "counts": np.stack([tp, fp, fn]),
        "precision": tp.astype(score.dtype) / np.maximum(tp + fp, 1).astype(score.dtype),
        "recall": tp.astype(score.dtype) / np.maximum(tp + fn, 1).astype(score.dtype),
    }
