"""Accuracy, precision and recall in PyTorch."""

import torch


def build(params):
    return params


def accuracy(model, batch):
    correct = batch["logits"].argmax(dim=1) == batch["labels"]
    return {"correct": correct.sum(), "accuracy": correct.to(batch["logits"].dtype).mean()}


def binary(model, batch):
    return _precision_and_recall(batch["score"], batch["truth"])


def no_positive(model, batch):
    return _precision_and_recall(batch["no_positive"], batch["truth"])


def none_true(model, batch):
    return _precision_and_recall(batch["score"], batch["none_true"])


def _precision_and_recall(score, truth):
    # Strictly above the threshold counts as positive (MET-THR).
    predicted, true = score > 0, truth.bool()
    tp, fp, fn = (predicted & true).sum(), (predicted & ~true).sum(), (~predicted & true).sum()
    return {
        "counts": torch.stack([tp, fp, fn]),
        "precision": tp.to(score.dtype) / (tp + fp).clamp(min=1).to(score.dtype),
        "recall": tp.to(score.dtype) / (tp + fn).clamp(min=1).to(score.dtype),
    }
