"""The same training on real digits with and without batch normalisation: the table of both."""

import numpy as np

from parity.faults import configured, given, rounded_to_tf32, wrong
from parity.task import Stage, Task

STATISTICS = ("bn.running_mean", "bn.running_var")
METRICS = ("loss", "validation_loss", "validation_correct")


def make(rng, n, batches, validation, epochs, hidden):
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    chosen = rng.permutation(len(images))[: n * batches + validation]
    x, labels = images[chosen] / 16, labels[chosen]
    params = {
        "hidden.weight": rng.normal(0, 64**-0.5, (hidden, 64)),  # no bias: normalisation would take it away
        "bn.weight": np.ones(hidden),
        "bn.bias": np.zeros(hidden),
        "bn.running_mean": np.zeros(hidden),
        "bn.running_var": np.ones(hidden),
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
    lesson="One difference at a time: the same data, weights, order and rate, and a row of metrics for each.",
    make=make,
    stages={
        "plain": Stage(outputs=(*METRICS, "hidden.weight"), trajectory=True),
        "normalised": Stage(outputs=(*METRICS, "hidden.weight", *STATISTICS), trajectory=True),
    },
    sizes={
        "tiny": {"n": 24, "batches": 3, "validation": 32, "epochs": 3, "hidden": 8},
        "base": {"n": 64, "batches": 20, "validation": 360, "epochs": 4, "hidden": 32},
    },
    config={"lr": 0.25, "eps": 2.0**-16, "momentum": 0.125},
    layout={"hidden.weight": "oi", "out.weight": "oi"},
    aligns=("CE-LOGITS", "BN-EPS", "BN-MOM", "BN-VAR"),
    faults={
        "inputs in TF32": rounded_to_tf32(),
        "Keras's eps": configured(eps=1e-3),
        "another order of the batches": given("order", lambda order: order[:, ::-1]),
        "biased running variance": wrong("normalised/bn.running_var", lambda var: var * 23 / 24),
    },
)
