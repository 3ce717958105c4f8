"""Three losses and their gradients: MSE, cross-entropy on logits, binary cross-entropy on logits."""

import numpy as np

from parity.faults import given, rounded_to_tf32, wrong
from parity.task import Claim, Rows, Shape, Stage, Task


def make(rng, n, classes):
    batch = {
        "prediction": rng.normal(size=(n, 1)),
        "target": rng.normal(size=(n, 1)),
        "logits": rng.normal(0, 2, (n, classes)),
        "labels": rng.integers(classes, size=n),
        "z": rng.normal(0, 2, (n, 1)),
        "truth": rng.integers(2, size=(n, 1)),
        "extreme_logits": 1000.0 * np.array([[1, -1, 0], [1, -1, 0], [-1, 1, 1]]),
        "extreme_labels": np.array([0, 2, 2]),  # right, wrong, and one of two that are equal
        "extreme_z": np.array([[1000.0], [-1000.0], [1000.0], [-1000.0]]),
        "extreme_truth": np.array([[1], [0], [0], [1]]),
    }
    return {}, batch


LOSSES = ("mse", "cross_entropy", "bce")

TASK = Task(
    name="losses",
    topic="3 Forward propagation and loss",
    title="Losses",
    lesson="MSE and BCE compare shapes (B, 1) with (B, 1); cross-entropy takes logits (B, C) and integer labels (B,). "
    "Each is the mean over the batch, a single number.  Cross-entropy's gradient is (softmax - one-hot) / B: the "
    "label's logit is pushed up, the others down, and each row sums to zero.",
    make=make,
    stages={
        "forward": Stage(outputs=LOSSES, timed=True),
        "backward": Stage(
            outputs=(*LOSSES, "grad.prediction", "grad.logits", "grad.z"),
            timed=True,
            derivative_of={f"forward/{loss}": "" for loss in LOSSES},
        ),
        "extremes": Stage(
            outputs=("cross_entropy", "bce", "grad.extreme_logits", "grad.extreme_z"),
            derivative_of={"extremes/cross_entropy": "", "extremes/bce": ""},
        ),
    },
    known={
        Shape("prediction"): (64, 1),
        Shape("target"): (64, 1),
        Shape("logits"): (64, 10),
        Shape("labels"): (64,),
        Shape("z"): (64, 1),
        Shape("truth"): (64, 1),
        **{Shape(f"forward/{loss}"): () for loss in LOSSES},
        Shape("backward/grad.prediction"): (64, 1),
        Shape("backward/grad.logits"): (64, 10),
        Shape("backward/grad.z"): (64, 1),
    },
    claims={
        "each loss is a single number": Claim(
            holds=lambda out: all(out[f"forward/{loss}"].ndim == 0 for loss in LOSSES),
            broken_by="a loss for each example",
        ),
        "cross-entropy's gradient is negative at one logit of each row, and the row sums to zero": Claim(
            holds=lambda out: (
                ((out["backward/grad.logits"] < 0).sum(1) == 1).all()
                and abs(out["backward/grad.logits"].sum(1)).max() < 2**-26
            ),
            broken_by="the label not subtracted",
        ),
        "cross-entropy's and BCE's gradients are at most 1 / B": Claim(
            holds=lambda out: all(
                abs(out[f"backward/{name}"]).max() <= 1 / len(out[f"backward/{name}"])
                for name in ("grad.logits", "grad.z")
            ),
            broken_by="the gradient of the sum",
        ),
    },
    shows=(
        Rows(
            ("loss", "value", "shape of its gradient"),
            {
                "MSE": ("forward/mse", Shape("backward/grad.prediction")),
                "cross-entropy": ("forward/cross_entropy", Shape("backward/grad.logits")),
                "BCE with logits": ("forward/bce", Shape("backward/grad.z")),
            },
        ),
    ),
    sizes={"tiny": {"n": 6, "classes": 5}, "base": {"n": 64, "classes": 10}, "large": {"n": 16_384, "classes": 256}},
    aligns=("CE-LOGITS", "DT-LOSSF32", "BCE-DTYPE"),
    faults={
        "inputs in TF32": rounded_to_tf32(),
        "labels off by one": given("labels", lambda labels: np.roll(labels, 1)),
        "sum for mean": wrong("forward/mse", lambda loss: loss * 6),
        "a loss that overflows": wrong("extremes/cross_entropy", lambda loss: loss * np.inf),
        "half the square": wrong("backward/grad.prediction", lambda d: d / 2),
        "a loss for each example": wrong("forward/bce", lambda loss: np.array([loss, loss])),
        "the label not subtracted": wrong("backward/grad.logits", abs),
        "the gradient of the sum": wrong("backward/grad.z", lambda dz: dz * len(dz)),
    },
)
