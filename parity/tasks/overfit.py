"""Overfitting fifty real digits: perfect on what was seen, and the gap to what was not."""

import numpy as np

from parity.faults import configured, given, rounded_to_tf32, without, wrong
from parity.task import Claim, Shape, Stage, Table, Task

NAMES = ("hidden.weight", "hidden.bias", "out.weight", "out.bias")
GRADIENTS = tuple(f"grad.{name}" for name in NAMES)
METRICS = ("correct", "validation_correct", "accuracy", "validation_accuracy", "gap")


def make(rng, n, validation, hidden):
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    chosen = rng.permutation(len(images))[: n + validation]
    x, labels = images[chosen] / 16, labels[chosen]
    params = {
        "hidden.weight": rng.normal(0, 64**-0.5, (hidden, 64)),
        "hidden.bias": rng.normal(0, 0.1, hidden),
        "out.weight": rng.normal(0, hidden**-0.5, (10, hidden)),
        "out.bias": rng.normal(0, 0.1, 10),
    }
    batch = {"x": x[:n], "labels": labels[:n], "validation_x": x[n:], "validation_labels": labels[n:]}
    return params, batch


TASK = Task(
    name="overfit",
    topic="7 Overfitting and dropout",
    title="Overfitting",
    lesson="A large network learns fifty digits by heart: every one is right in the end.  On digits that it has not "
    "seen its accuracy stays behind, and how far is the gap.",
    make=make,
    stages={
        "step": Stage(outputs=("loss", *GRADIENTS, *NAMES), timed=True, derivative_of={"step/loss": ""}),
        "train": Stage(outputs=("losses", *METRICS, *NAMES), trajectory=True),  # each epoch, until all are right
    },
    sizes={
        "tiny": {"n": 20, "validation": 20, "hidden": 24},
        "base": {"n": 50, "validation": 200, "hidden": 512},
        "large": {"n": 50, "validation": 200, "hidden": 4096},
    },
    config={"lr": 0.25},
    limits={"lr": (2.0**-5, 1)},
    timing={"lr": 2.0**-30},
    layout={"hidden.weight": "oi", "out.weight": "oi"},
    known={Shape("x"): (50, 64), Shape("labels"): (50,)},
    claims={
        "every training digit is right in the end, and not before": Claim(
            holds=lambda out: out["train/accuracy"][-1] == 1 and (out["train/accuracy"][:-1] < 1).all(),
            broken_by="one training digit wrong in the end",
        ),
        "at the end the gap is at least 10 %": Claim(
            holds=lambda out: out["train/gap"][-1] >= 0.1, broken_by="validated on what was learned"
        ),
        "the validation accuracy never reaches 100 %": Claim(
            holds=lambda out: (out["train/validation_accuracy"] < 1).all(), broken_by="every validation digit right"
        ),
    },
    shows=(
        Table(
            "epoch",
            {
                "train accuracy": "train/accuracy",
                "validation accuracy": "train/validation_accuracy",
                "gap": "train/gap",
            },
            every=5,
        ),
    ),
    aligns=("CE-LOGITS", "FIT-SHUFFLE"),
    faults={
        "inputs in TF32": rounded_to_tf32(),
        "another rate": configured(lr=0.125),
        "validated on what was learned": without("train/gap"),
        "one training digit wrong in the end": wrong("train/accuracy", lambda accuracy: accuracy * 0.98),
        "every validation digit right": wrong("train/validation_accuracy", np.ones_like),
        "one label wrong": given("labels", lambda labels: np.where(np.arange(len(labels)) == 0, 9 - labels, labels)),
    },
)
