"""Two schedules, StepLR and CosineAnnealing: the rate of every epoch, and training under it with momentum."""

import numpy as np

from parity.faults import configured, rounded_to_tf32, without, wrong
from parity.task import Stage, Task

NAMES = ("hidden.weight", "hidden.bias", "out.weight", "out.bias")
OUTPUTS = ("rates", "losses", *NAMES, *(f"momentum.{name}" for name in NAMES))


def make(rng, n, batches, epochs, inputs, hidden, classes):
    params = {
        "hidden.weight": rng.normal(0, inputs**-0.5, (hidden, inputs)),
        "hidden.bias": rng.normal(0, 0.1, hidden),
        "out.weight": rng.normal(0, hidden**-0.5, (classes, hidden)),
        "out.bias": rng.normal(0, 0.1, classes),
    }
    batch = {
        "x": rng.normal(size=(n * batches, inputs)),
        "labels": rng.integers(classes, size=n * batches),
        "order": np.stack([rng.permutation(n * batches) for _ in range(epochs)]).reshape(epochs, batches, n),
    }
    return params, batch


TASK = Task(
    name="lr_schedules",
    topic="8 Optimizers, learning rate, vanishing gradients",
    title="Learning-rate schedules",
    lesson="torch advances a schedule when told, once an epoch; Keras at every batch.  Keras keeps the rate inside its "
    "velocity, so momentum remembers old rates.",
    make=make,
    stages={"step_lr": Stage(outputs=OUTPUTS, trajectory=True), "cosine": Stage(outputs=OUTPUTS, trajectory=True)},
    sizes={
        "tiny": {"n": 12, "batches": 2, "epochs": 8, "inputs": 6, "hidden": 6, "classes": 4},
        "base": {"n": 32, "batches": 4, "epochs": 8, "inputs": 20, "hidden": 32, "classes": 10},
    },
    config={"lr": 0.25, "momentum": 0.875, "step_size": 3, "gamma": 0.5, "t_max": 8, "eta_min": 2.0**-6},
    layout={"hidden.weight": "oi", "out.weight": "oi"},
    aligns=("CE-LOGITS", "LR-UNIT", "LR-STEP", "LR-COS-MIN", "OPT-SGD-LRCHANGE", "OPT-F64-LR"),
    faults={
        "inputs in TF32": rounded_to_tf32(),
        "one epoch late": configured(step_size=4),
        "the floor forgotten": configured(eta_min=0.0),
        "velocity halved with the rate": wrong("step_lr/momentum.out.bias", lambda v: v / 2),
        "rates of zero": without("cosine/rates"),
    },
)
