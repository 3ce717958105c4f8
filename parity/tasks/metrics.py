"""Accuracy, precision and recall by hand, equal to scikit-learn's, also where they divide by nothing."""

import numpy as np

from parity.faults import given, wrong
from parity.task import Returns, Stage, Task, Where


def make(rng, n, classes):
    score = rng.normal(size=(n, 1))
    batch = {
        "logits": rng.normal(size=(n, classes)),
        "labels": rng.integers(classes, size=n),
        "score": score,
        "truth": rng.integers(2, size=(n, 1)),
        "no_positive": -np.abs(score),
        "none_true": np.zeros((n, 1), np.int64),
    }
    return {}, batch


def accuracy(params, batch):
    from sklearn.metrics import accuracy_score

    predicted = batch["logits"].argmax(1)
    value = accuracy_score(batch["labels"], predicted)
    correct = accuracy_score(batch["labels"], predicted, normalize=False)
    return {"correct": np.array(int(correct)), "accuracy": np.array(value, batch["logits"].dtype)}


def sklearns(score, truth):
    """Precision and recall as scikit-learn has them: 0 where they would divide by nothing."""

    def compute(params, batch):
        from sklearn.metrics import confusion_matrix, precision_score, recall_score

        predicted, true = (batch[score] > 0)[:, 0], batch[truth][:, 0]
        (_, fp), (fn, tp) = confusion_matrix(true, predicted, labels=[0, 1])
        values = [metric(true, predicted, zero_division=0) for metric in (precision_score, recall_score)]
        precision, recall = np.array(values, batch[score].dtype)
        return {"counts": np.array([tp, fp, fn]), "precision": np.array(precision), "recall": np.array(recall)}

    return compute


def equal_to(compute):
    """Declared for all three, NumPy too: the truth is scikit-learn's."""
    return {Where(framework=name): Returns(compute=compute) for name in ("numpy", "torch", "tf")}


BINARY = ("counts", "precision", "recall")
ZERO = frozenset({"precision", "recall"})  # where the ratio is 0 by convention

TASK = Task(
    name="metrics",
    topic="10 Metrics and frameworks",
    title="Accuracy, precision, recall",
    lesson="Count with boolean masks, then divide; where nothing is predicted positive, or nothing is, the ratio is 0 "
    "by convention.",
    make=make,
    stages={
        "accuracy": Stage(outputs=("correct", "accuracy"), timed=True, expected_divergence=equal_to(accuracy)),
        "binary": Stage(outputs=BINARY, timed=True, expected_divergence=equal_to(sklearns("score", "truth"))),
        "no_positive": Stage(
            outputs=BINARY, exact=ZERO, expected_divergence=equal_to(sklearns("no_positive", "truth"))
        ),
        "none_true": Stage(outputs=BINARY, exact=ZERO, expected_divergence=equal_to(sklearns("score", "none_true"))),
    },
    sizes={"tiny": {"n": 12, "classes": 4}, "base": {"n": 200, "classes": 10}, "large": {"n": 262_144, "classes": 100}},
    aligns=("MET-THR", "RED-DEFAXIS"),
    faults={
        "classes off by one": given("logits", lambda logits: np.roll(logits, 1, axis=1)),
        "false positives and negatives exchanged, one miscounted": wrong(
            "binary/counts", lambda counts: counts[[0, 2, 1]] + [0, 1, 0]
        ),
        "NaN where nothing is positive": wrong("no_positive/precision", lambda p: p * np.nan),
        "threshold at one": given("score", lambda score: score - 1),
    },
)
