"""Accuracy, precision and recall in NumPy."""

import numpy as np

from impl_numpy import ops

# The stages' scores and labels.
CASES = {"binary": ("score", "truth"), "no_positive": ("no_positive", "truth"), "none_true": ("score", "none_true")}


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


def single(model, batch):
    return _precision_and_recall(batch["single"], batch["single_true"])


def scikit_learn(model, batch):
    from sklearn.metrics import accuracy_score, precision_score, recall_score

    found = {"accuracy": accuracy_score(batch["labels"], batch["logits"].argmax(1))}
    for case, (score, truth) in CASES.items():
        predicted, true = (batch[score] > 0)[:, 0], batch[truth][:, 0]
        found[f"{case}.precision"] = precision_score(true, predicted, zero_division=0)
        found[f"{case}.recall"] = recall_score(true, predicted, zero_division=0)
    return {name: np.array(value, batch["score"].dtype) for name, value in found.items()}


def _precision_and_recall(score, truth):
    # Strictly above the threshold counts as positive (MET-THR).
    predicted, true = ops.positive(score), truth.astype(bool)
    tp, fp, fn = (predicted & true).sum(), (predicted & ~true).sum(), (~predicted & true).sum()
    return {
        "counts": np.stack([tp, fp, fn]),
        "precision": tp.astype(score.dtype) / np.maximum(tp + fp, 1).astype(score.dtype),
        "recall": tp.astype(score.dtype) / np.maximum(tp + fn, 1).astype(score.dtype),
    }
