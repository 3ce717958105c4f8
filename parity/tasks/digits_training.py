"""A whole training on real data: scikit-learn's handwritten digits, and the metrics of every epoch."""

import numpy as np

from parity.faults import configured, given, rounded_to_tf32, wrong
from parity.task import Stage, Stochastic, Task

NAMES = ("hidden.weight", "hidden.bias", "out.weight", "out.bias")
LEARNED = (*NAMES, *(f"momentum.{name}" for name in NAMES))
METRICS = ("loss", "validation_loss", "correct", "validation_correct")


def make(rng, n, batches, validation, epochs, hidden):
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    chosen = rng.permutation(len(images))[: n * batches + validation]  # the seeded split
    x, labels = images[chosen] / 16, labels[chosen]
    params = {
        "hidden.weight": rng.normal(0, 64**-0.5, (hidden, 64)),
        "hidden.bias": rng.normal(0, 0.1, hidden),
        "out.weight": rng.normal(0, hidden**-0.5, (10, hidden)),
        "out.bias": rng.normal(0, 0.1, 10),
    }
    batch = {
        "x": x[validation:],
        "labels": labels[validation:],
        "validation_x": x[:validation],
        "validation_labels": labels[:validation],
        "order": np.stack([rng.permutation(n * batches) for _ in range(epochs)]).reshape(epochs, batches, n),
    }
    return params, batch


SHUFFLES = 20


def no_correlation(params, batch):
    return 0.0


def correlation_error(params, batch):
    """A shuffled position correlates with the original one with variance 1 / (n - 1) (Kendall, Rank Correlation)."""
    return np.sqrt(1 / (len(batch["x"]) - 1) / SHUFFLES)


TASK = Task(
    name="digits_training",
    topic="13 A week's rhythm",
    title="Training on real digits",
    lesson="A module, a configuration, a loop over shuffled batches, and a dictionary of metrics for every epoch.",
    make=make,
    stages={
        "epoch": Stage(  # the loss of every batch
            outputs=("loss", *LEARNED), timed=True, trajectory=True, examples=lambda size: size["batches"] * size["n"]
        ),
        "train": Stage(outputs=(*METRICS, *LEARNED), trajectory=True),  # the metrics of every epoch
        # Each framework's own shuffling: nothing is lost, and nothing is left of the order.
        "shuffling": Stage(
            outputs=("complete", "correlation"),
            stochastic={"correlation": Stochastic(expected=no_correlation, error=correlation_error)},
        ),
    },
    sizes={
        "tiny": {"n": 16, "batches": 4, "validation": 32, "epochs": 3, "hidden": 8},
        "base": {"n": 32, "batches": 44, "validation": 360, "epochs": 5, "hidden": 32},
        "large": {"n": 256, "batches": 5, "validation": 360, "epochs": 5, "hidden": 2048},
    },
    config={"lr": 0.125, "momentum": 0.875},
    timing={"lr": 2.0**-30},
    layout={"hidden.weight": "oi", "out.weight": "oi"},
    aligns=("CE-LOGITS", "OPT-SGD-LRCHANGE", "OPT-F64-LR", "OPT-F64-MOM", "FIT-LOSS"),
    faults={
        "inputs in TF32": rounded_to_tf32(),
        "momentum 0.9": configured(momentum=0.9),
        "learning rate 0.1": configured(lr=0.1),
        "another order of the batches": given("order", lambda order: order[:, ::-1]),
        "one validation image more": wrong("train/validation_correct", lambda correct: correct + 1),
    },
)
