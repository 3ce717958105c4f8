"""Accuracy, precision and recall by hand, equal to scikit-learn's, also where they divide by nothing."""

import numpy as np

from parity.faults import given, wrong
from parity.task import Claim, Fault, Returns, Rows, Shape, Stage, Task, Where


def make(rng, n, classes):
    score = rng.normal(size=(n, 1))
    score[rng.permutation(n)[: n // 6]] = 0  # exactly at the threshold
    labels = rng.integers(classes, size=n)
    batch = {
        "logits": rng.normal(size=(n, classes)) + 1.5 * np.eye(classes)[labels],  # right more often than by chance
        "labels": labels,
        "score": score,
        "truth": (score + rng.normal(size=(n, 1)) > -0.5).astype(np.int64),
        "no_positive": -np.abs(score),
        "none_true": np.zeros((n, 1), np.int64),
    }
    first = np.arange(n)[:, None] == 0  # one positive prediction, and one positive label, which it finds
    return {}, batch | {"single": np.where(first, 1, -1) * (np.abs(score) + 1), "single_true": first.astype(np.int64)}


def accuracy(params, batch):
    from sklearn.metrics import accuracy_score

    predicted = batch["logits"].argmax(1)
    value = accuracy_score(batch["labels"], predicted)
    correct = accuracy_score(batch["labels"], predicted, normalize=False)
    return {"correct": np.array(int(correct)), "accuracy": np.array(value, batch["logits"].dtype)}


def sklearns(score, truth):
    """Precision and recall as scikit-learn has them: 0 where they would divide by nothing."""

    def compute(params, batch):
        from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

        predicted, true = (batch[score] > 0)[:, 0], batch[truth][:, 0]
        (_, fp), (fn, tp) = confusion_matrix(true, predicted, labels=[0, 1])
        scores = precision_recall_fscore_support(true, predicted, average="binary", zero_division=0)
        precision, recall = np.array(scores[:2], batch[score].dtype)
        return {"counts": np.array([tp, fp, fn]), "precision": np.array(precision), "recall": np.array(recall)}

    return compute


def equal_to(compute):
    """Declared for all three, NumPy too: the truth is scikit-learn's."""
    return {Where(framework=name): Returns(compute=compute) for name in ("numpy", "torch", "tf")}


BINARY = ("counts", "precision", "recall")
ZERO = frozenset({"precision", "recall"})  # where the ratio is 0 by convention
CASES = ("binary", "no_positive", "none_true")
SKLEARN = ("accuracy", *(f"{case}.{metric}" for case in CASES for metric in ("precision", "recall")))


def same(*outputs):
    """Whether our values are scikit-learn's: to the rounding of one division, of numbers that are 1 at most."""

    def holds(out):
        theirs = [output.replace("accuracy/", "").replace("/", ".") for output in outputs]
        return all(abs(out[ours] - out[f"scikit_learn/{name}"]) <= 2**-23 for ours, name in zip(outputs, theirs))

    return holds


def exchange(outputs):
    """Precision for recall."""
    precision, recall = outputs["binary/precision"], outputs["binary/recall"]
    return outputs | {"binary/precision": recall, "binary/recall": precision}


TASK = Task(
    name="metrics",
    topic="10 Metrics and frameworks",
    title="Accuracy, precision, recall",
    lesson="Count with boolean masks, then divide: that is all that scikit-learn's metrics do.  Where nothing is "
    "predicted positive, or nothing is positive, the ratio is 0 by convention.",
    make=make,
    stages={
        "accuracy": Stage(outputs=("correct", "accuracy"), timed=True, expected_divergence=equal_to(accuracy)),
        "binary": Stage(outputs=BINARY, timed=True, expected_divergence=equal_to(sklearns("score", "truth"))),
        "no_positive": Stage(
            outputs=BINARY, exact=ZERO, expected_divergence=equal_to(sklearns("no_positive", "truth"))
        ),
        "none_true": Stage(outputs=BINARY, exact=ZERO, expected_divergence=equal_to(sklearns("score", "none_true"))),
        "single": Stage(outputs=BINARY, exact=ZERO, expected_divergence=equal_to(sklearns("single", "single_true"))),
        "scikit_learn": Stage(outputs=SKLEARN, exact=frozenset(SKLEARN[3:])),  # as its user calls it
    },
    sizes={"tiny": {"n": 12, "classes": 4}, "base": {"n": 200, "classes": 10}, "large": {"n": 262_144, "classes": 100}},
    known={
        Shape("logits"): (200, 10),
        Shape("score"): (200, 1),
        "no_positive/precision": 0,
        "no_positive/recall": 0,
        "none_true/precision": 0,
        "none_true/recall": 0,
    },
    claims={
        "accuracy is scikit-learn's": Claim(holds=same("accuracy/accuracy"), broken_by="accuracy 1 % too high"),
        "precision and recall are scikit-learn's": Claim(
            holds=same("binary/precision", "binary/recall"), broken_by="precision and recall exchanged"
        ),
        "with no positive prediction both are 0, and so are scikit-learn's": Claim(
            holds=lambda out: (
                same("no_positive/precision", "no_positive/recall")(out)
                and out["no_positive/precision"] == out["no_positive/recall"] == 0
            ),
            broken_by="NaN where nothing is positive",
        ),
        "with no positive label both are 0, and so are scikit-learn's": Claim(
            holds=lambda out: (
                same("none_true/precision", "none_true/recall")(out)
                and out["none_true/precision"] == out["none_true/recall"] == 0
            ),
            broken_by="1 where nothing is to be found",
        ),
    },
    shows=(
        Rows(
            ("metric", "ours", "scikit-learn"),
            {
                "accuracy": ("accuracy/accuracy", "scikit_learn/accuracy"),
                "precision": ("binary/precision", "scikit_learn/binary.precision"),
                "recall": ("binary/recall", "scikit_learn/binary.recall"),
                "precision, no positive prediction": ("no_positive/precision", "scikit_learn/no_positive.precision"),
                "recall, no positive prediction": ("no_positive/recall", "scikit_learn/no_positive.recall"),
                "precision, none in the labels": ("none_true/precision", "scikit_learn/none_true.precision"),
                "recall, none in the labels": ("none_true/recall", "scikit_learn/none_true.recall"),
            },
        ),
        Rows(
            ("counted with masks", "TP, FP, FN"),
            {
                "the labels and scores as they are": ("binary/counts",),
                "no positive prediction": ("no_positive/counts",),
                "none in the labels": ("none_true/counts",),
            },
        ),
    ),
    aligns=("MET-THR", "RED-DEFAXIS"),
    faults={
        "classes off by one": given("logits", lambda logits: np.roll(logits, 1, axis=1)),
        "false positives and negatives exchanged, one miscounted": wrong(
            "binary/counts", lambda counts: counts[[0, 2, 1]] + [0, 1, 0]
        ),
        "NaN where nothing is positive": wrong("no_positive/precision", lambda p: p * np.nan),
        "1 where nothing is to be found": wrong("none_true/recall", lambda recall: recall + 1),
        "precision and recall exchanged": Fault(outputs=exchange),
        "accuracy 1 % too high": wrong("accuracy/accuracy", lambda accuracy: accuracy * 1.01),
        "threshold at one": given("score", lambda score: score - 1),
        "positive at the threshold too": given("score", lambda score: np.where(score == 0, 1, score)),
    },
)
