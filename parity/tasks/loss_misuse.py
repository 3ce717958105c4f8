"""Deliberate mistakes of shape and dtype in three losses: what each framework says, or silently computes."""

import numpy as np

from parity.faults import given, rounded_to_tf32, wrong
from parity.task import Raises, Returns, Stage, Task, Where


def make(rng, n, classes):
    labels = rng.integers(classes, size=n)
    batch = {
        "prediction": rng.normal(size=(n, 1)),
        "target": rng.normal(size=n),  # (n,), where (n, 1) belongs
        "logits": rng.normal(0, 2, (n, classes)),
        "labels": labels,
        "one_hot": np.eye(classes, dtype=np.int64)[labels],
        "out_of_range": np.where(np.arange(n) == 1, classes + 2, labels),
        "negative": np.where(np.arange(n) == 1, -1, labels),
        "z": rng.normal(0, 2, (n, 1)),
        "truth": rng.integers(2, size=(n, 1)),
    }
    return {}, batch


def squeezed(params, batch):
    """Keras makes (n, 1) and (n,) one shape: the loss that was meant."""
    return {"loss": np.mean((batch["prediction"][:, 0] - batch["target"]) ** 2)}


def cross_entropy(params, batch):
    """Keras takes float labels for the integers that they are."""
    logits = batch["logits"]
    log_total = np.log(np.exp(logits).sum(1))
    return {"loss": np.mean(log_total - logits[np.arange(len(logits)), batch["labels"]])}


def squeezed_bce(params, batch):
    """As in the squared error, Keras makes (n, 1) and (n,) one shape."""
    z, truth = batch["z"], batch["truth"]
    return {"loss": np.mean(np.log1p(np.exp(z)) - z * truth)}


def misuse(**declared):
    """A stage with the loss of a mistake; framework -> what is declared."""
    return Stage(
        outputs=("loss",), expected_divergence={Where(framework=name): what for name, what in declared.items()}
    )


TASK = Task(
    name="loss_misuse",
    topic="3 Forward propagation and loss",
    title="Losses misused",
    lesson="(B,) against (B, 1) broadcasts to (B, B) in NumPy, and in torch's squared error, and is no error; labels "
    "are integers of shape (B,) from 0 to C - 1; binary targets are floats.",
    make=make,
    stages={
        # NumPy is silent and torch only warns: both compute the mean over all n² pairs.
        "mse_broadcast": misuse(tf=Returns(compute=squeezed)),
        "float_labels": misuse(
            numpy=Raises(error="IndexError", match="must be of integer"),
            torch=Raises(error="RuntimeError", match="expected target dtype to be Long or Byte, but got"),
            tf=Returns(compute=cross_entropy),
        ),
        "one_hot_labels": misuse(
            numpy=Raises(error="IndexError", match="could not be broadcast together"),
            torch=Raises(error="RuntimeError", match="Expected floating point type for target with class prob"),
            tf=Raises(error="ValueError", match="must have rank"),
        ),
        "label_out_of_range": misuse(
            numpy=Raises(error="IndexError", match="out of bounds"),
            torch=Raises(error="IndexError", match="is out of bounds"),
            tf=Raises(error="InvalidArgumentError", match="outside the valid range"),
        ),
        # NumPy counts from the last class, without a word.
        "negative_label": misuse(
            torch=Raises(error="IndexError", match="is out of bounds"),
            tf=Raises(error="InvalidArgumentError", match="outside the valid range"),
        ),
        # NumPy computes the mean over all n² pairs.
        "bce_broadcast": misuse(
            torch=Raises(error="ValueError", match="must be the same as input size"), tf=Returns(compute=squeezed_bce)
        ),
        # NumPy and Keras take integers for what they are.
        "integer_bce": misuse(torch=Raises(error="RuntimeError", match="can't be cast to the desired output type")),
        "fixed": Stage(outputs=("mse", "cross_entropy", "bce")),
    },
    sizes={"tiny": {"n": 6, "classes": 4}, "base": {"n": 64, "classes": 10}},
    aligns=("MSE-BCAST", "CE-TARGET", "CE-OOR", "BCE-SHAPE", "BCE-DTYPE", "CE-LOGITS"),
    faults={
        "inputs in TF32": rounded_to_tf32(),
        "the mistake not made": wrong("mse_broadcast/loss", lambda loss: loss / 2),
        "labels off by one": given("labels", lambda labels: np.roll(labels, 1)),
        "probabilities for logits": given("logits", lambda z: np.exp(z) / np.exp(z).sum(1, keepdims=True)),
    },
)
