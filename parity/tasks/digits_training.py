"""A whole training on real data: scikit-learn's handwritten digits, and the metrics of every epoch."""

import numpy as np

from parity.faults import configured, given, rounded_to_tf32, wrong
from parity.task import Claim, Shape, Stage, Stochastic, Table, Task

NAMES = ("hidden.weight", "hidden.bias", "out.weight", "out.bias")
LEARNED = (*NAMES, *(f"momentum.{name}" for name in NAMES))
METRICS = ("loss", "accuracy", "validation_loss", "validation_accuracy")


def make(rng, train, validation, epochs, hidden, batch):
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    chosen = rng.permutation(len(images))[: train + validation]  # the seeded split
    batch = min(batch, train)
    batches = train // batch  # a rest that fills no batch is left out
    x, labels = images[chosen] / 16, labels[chosen]
    params = {
        "hidden.weight": rng.normal(0, 64**-0.5, (hidden, 64)),
        "hidden.bias": rng.normal(0, 0.1, hidden),
        "out.weight": rng.normal(0, hidden**-0.5, (10, hidden)),
        "out.bias": rng.normal(0, 0.1, 10),
    }
    return params, {
        "x": x[validation:],
        "labels": labels[validation:],
        "validation_x": x[:validation],
        "validation_labels": labels[:validation],
        "order": np.stack([rng.permutation(train)[: batches * batch].reshape(batches, batch) for _ in range(epochs)]),
    }


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
    lesson="A module, a configuration, a loop over shuffled batches, and a dictionary of metrics for every epoch.  The "
    "loss falls, and nine of ten digits that were never trained on are right.  Try --set hidden=8, or momentum=0.",
    make=make,
    stages={
        "epoch": Stage(  # the loss of every batch
            outputs=("loss", *LEARNED), timed=True, trajectory=True, examples=lambda size: size["train"]
        ),
        "train": Stage(outputs=(*METRICS, *LEARNED), trajectory=True),  # the metrics of every epoch
        # Each framework's own shuffling: no row is lost, and nothing is left of the order.
        "shuffling": Stage(
            outputs=("seen", "unshuffled", "correlation"),
            stochastic={"correlation": Stochastic(expected=no_correlation, error=correlation_error)},
        ),
    },
    sizes={
        "tiny": {"train": 64, "validation": 32},
        "base": {"train": 44 * 32, "validation": 360},
        "large": {"train": 5 * 256, "validation": 360, "hidden": 2048, "batch": 256},
    },
    config={"epochs": 5, "hidden": 32, "batch": 32, "lr": 0.125, "momentum": 0.875},
    limits={"epochs": (1, 50), "hidden": (1, 1024), "batch": (2, 1408), "lr": (2.0**-10, 0.5), "momentum": (0, 0.9375)},
    known={
        Shape("x"): (1408, 64),
        Shape("validation_x"): (360, 64),
        "shuffling/seen": np.tile(np.arange(44 * 32), (SHUFFLES, 1)),
        "shuffling/unshuffled": 1.0,
    },
    claims={
        "the training loss falls in every epoch": Claim(
            holds=lambda out: (np.diff(out["train/loss"]) < 0).all(), broken_by="the epochs in reverse"
        ),
        "at least 90 % of the digits that were not trained on are right in the end": Claim(
            holds=lambda out: out["train/validation_accuracy"][-1] >= 0.9, broken_by="labels off by one image"
        ),
    },
    shows=(
        Table(
            "epoch",
            {
                "train loss": "train/loss",
                "train accuracy": "train/accuracy",
                "validation loss": "train/validation_loss",
                "validation accuracy": "train/validation_accuracy",
            },
        ),
    ),
    timing={"lr": 2.0**-30},
    layout={"hidden.weight": "oi", "out.weight": "oi"},
    aligns=("CE-LOGITS", "OPT-SGD-LRCHANGE", "OPT-F64-LR", "OPT-F64-MOM", "FIT-LOSS", "FIT-SHUFFLE"),
    faults={
        "inputs in TF32": rounded_to_tf32(),
        "momentum 0.9": configured(momentum=0.9),
        "learning rate 0.1": configured(lr=0.1),
        "another order of the batches": given("order", lambda order: order[:, ::-1]),
        "the epochs in reverse": wrong("train/loss", lambda loss: loss[::-1]),
        "labels off by one image": given("labels", lambda labels: np.roll(labels, 1)),
        "one validation image more": wrong("train/validation_accuracy", lambda accuracy: accuracy + 1 / 360),
    },
)
