"""Three losses and their gradients: MSE, cross-entropy on logits, binary cross-entropy on logits."""

import numpy as np

from parity.faults import given, rounded_to_tf32, wrong
from parity.task import Stage, Task


def make(rng, n, classes):
    batch = {
        "prediction": rng.normal(size=(n, 1)),
        "target": rng.normal(size=(n, 1)),
        "logits": rng.normal(0, 2, (n, classes)),
        "labels": rng.integers(classes, size=n),
        "z": rng.normal(0, 2, (n, 1)),
        "truth": rng.integers(2, size=(n, 1)),
    }
    return {}, batch


LOSSES = ("mse", "cross_entropy", "bce")

TASK = Task(
    name="losses",
    topic="3 Forward propagation and loss",
    title="Losses",
    lesson="MSE and BCE compare shapes (B, 1) with (B, 1); cross-entropy takes logits (B, C) and integer labels (B,).",
    make=make,
    stages={
        "forward": Stage(outputs=LOSSES, timed=True),
        "backward": Stage(
            outputs=(*LOSSES, "grad.prediction", "grad.logits", "grad.z"),
            timed=True,
            derivative_of={f"forward/{loss}": "" for loss in LOSSES},
        ),
    },
    sizes={"tiny": {"n": 6, "classes": 5}, "base": {"n": 64, "classes": 10}, "large": {"n": 16_384, "classes": 256}},
    aligns=("CE-LOGITS", "DT-LOSSF32", "BCE-DTYPE"),
    faults={
        "inputs in TF32": rounded_to_tf32(),
        "labels off by one": given("labels", lambda labels: np.roll(labels, 1)),
        "sum for mean": wrong("forward/mse", lambda loss: loss * 6),
        "half the square": wrong("backward/grad.prediction", lambda d: d / 2),
    },
)
