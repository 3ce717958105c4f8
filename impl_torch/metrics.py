"""Accuracy, precision and recall in PyTorch."""

import torch

# The stages' scores and labels.
CASES = {"binary": ("score", "truth"), "no_positive": ("no_positive", "truth"), "none_true": ("score", "none_true")}


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


def single(model, batch):
    return _precision_and_recall(batch["single"], batch["single_true"])


def scikit_learn(model, batch):
    from sklearn.metrics import accuracy_score, precision_score, recall_score

    found = {"accuracy": accuracy_score(batch["labels"].numpy(), batch["logits"].argmax(dim=1).numpy())}
    for case, (score, truth) in CASES.items():
        predicted, true = (batch[score] > 0)[:, 0].numpy(), batch[truth][:, 0].numpy()
        found[f"{case}.precision"] = precision_score(true, predicted, zero_division=0)
        found[f"{case}.recall"] = recall_score(true, predicted, zero_division=0)
    return {name: torch.tensor(value, dtype=batch["score"].dtype) for name, value in found.items()}


def _precision_and_recall(score, truth):
    # Strictly above the threshold counts as positive (MET-THR).
    predicted, true = score > 0, truth.bool()
    tp, fp, fn = (predicted & true).sum(), (predicted & ~true).sum(), (~predicted & true).sum()
    return {
        "counts": torch.stack([tp, fp, fn]),
        "precision": tp.to(score.dtype) / (tp + fp).clamp(min=1).to(score.dtype),
        "recall": tp.to(score.dtype) / (tp + fn).clamp(min=1).to(score.dtype),
    }
