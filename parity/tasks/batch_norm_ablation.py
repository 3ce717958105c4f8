"""The same training on real digits with and without batch normalisation: the table of both."""

import numpy as np

from parity.faults import configured, given, rounded_to_tf32, wrong
from parity.task import Claim, Shape, Stage, Table, Task

STATISTICS = ("bn.running_mean", "bn.running_var")
METRICS = ("loss", "validation_loss", "validation_accuracy")
WEIGHTS = ("hidden.weight", "out.weight", "out.bias")


def make(rng, n, batches, validation, epochs, hidden):
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    chosen = rng.permutation(len(images))[: n * batches + validation]
    x, labels = images[chosen] / 16, labels[chosen]
    params = {
        "hidden.weight": rng.normal(0, 64**-0.5, (hidden, 64)),  # no bias: normalisation would take it away
        # None of these is a layer's default, so that one that is not loaded is seen.
        "bn.weight": rng.uniform(0.75, 1.5, hidden),
        "bn.bias": rng.normal(0, 0.25, hidden),
        "bn.running_mean": rng.normal(0, 0.25, hidden),
        "bn.running_var": rng.uniform(0.5, 2, hidden),
        "bn.num_batches_tracked": np.array(0),
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


TASK = Task(
    name="batch_norm_ablation",
    topic="13 A week's rhythm",
    title="With and without batch normalisation",
    lesson="One difference at a time: the same data, weights, order and rate, and a column of metrics for each.  With "
    "normalisation the loss falls faster, and more of the digits that were not trained on are right.",
    make=make,
    stages={
        "plain": Stage(outputs=(*METRICS, *WEIGHTS), trajectory=True),
        "normalised": Stage(outputs=(*METRICS, *WEIGHTS, "bn.weight", "bn.bias", *STATISTICS), trajectory=True),
    },
    sizes={
        "tiny": {"n": 24, "batches": 3, "validation": 32, "epochs": 3, "hidden": 8},
        "base": {"n": 64, "batches": 20, "validation": 360, "epochs": 4, "hidden": 32},
    },
    config={"lr": 0.25, "eps": 2.0**-16, "momentum": 0.125},
    limits={"lr": (2.0**-10, 1), "eps": (2.0**-20, 0.0625), "momentum": (0.0078125, 1)},
    known={
        Shape("x"): (1280, 64),
        Shape("validation_x"): (360, 64),
        Shape("order"): (4, 20, 64),
        Shape("plain/loss"): (4,),
        Shape("normalised/loss"): (4,),
    },
    claims={
        "with normalisation the loss of every epoch is lower": Claim(
            holds=lambda out: (out["normalised/loss"] < out["plain/loss"]).all(), broken_by="the two exchanged"
        ),
        "in the end it is at most 60 % of the other": Claim(
            holds=lambda out: out["normalised/loss"][-1] <= 0.6 * out["plain/loss"][-1],
            broken_by="normalisation without effect",
        ),
        "with normalisation more validation digits are right after every epoch": Claim(
            holds=lambda out: (out["normalised/validation_accuracy"] > out["plain/validation_accuracy"]).all(),
            broken_by="gammas of zero",
        ),
    },
    shows=(
        Table("epoch", {"plain": "plain/loss", "normalised": "normalised/loss"}, title="Training loss"),
        Table(
            "epoch",
            {"plain": "plain/validation_loss", "normalised": "normalised/validation_loss"},
            title="Validation loss",
        ),
        Table(
            "epoch",
            {"plain": "plain/validation_accuracy", "normalised": "normalised/validation_accuracy"},
            title="Validation accuracy",
        ),
    ),
    layout={"hidden.weight": "oi", "out.weight": "oi"},
    aligns=("CE-LOGITS", "BN-EPS", "BN-MOM", "BN-VAR", "FIT-LOSS", "FIT-SHUFFLE"),
    faults={
        "inputs in TF32": rounded_to_tf32(),
        "Keras's eps": configured(eps=1e-3),
        "another order of the batches": given("order", lambda order: order[:, ::-1]),
        "gammas not loaded": given("bn.weight", np.ones_like),
        "betas not loaded": given("bn.bias", np.zeros_like),
        "running means not loaded": given("bn.running_mean", np.zeros_like),
        "running variances not loaded": given("bn.running_var", np.ones_like),
        "gammas of zero": given("bn.weight", np.zeros_like),
        "normalisation without effect": wrong("normalised/loss", lambda loss: loss * 2),
        "the two exchanged": wrong("plain/loss", lambda loss: loss / 10),
        "biased running variance": wrong("normalised/bn.running_var", lambda var: var * 23 / 24),
    },
)
