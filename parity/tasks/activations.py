"""Sigmoid, ReLU and a stable softmax, and what they do at the extremes."""

import numpy as np

from parity.faults import rounded_to_tf32, without, wrong
from parity.task import Stage, Task


def make(rng, n, c):
    batch = {
        "x": rng.normal(0, 2, (n, c)),
        "cotangent": rng.normal(size=(n, c)),
        "extreme": np.array([-np.inf, -1000.0, 1000.0, np.inf]),
        # Below what float32 holds is as good as zero (ACT-DENORM); a row with +inf has no softmax (ACT-SOFTMAX-INF).
        "extreme_row": np.array([[1000.0, -1000.0, 999.0, -np.inf], [-1000.0, -1001.0, -np.inf, -999.0]]),
    }
    return {}, batch


def activation(name):
    return Stage(outputs=("a", "grad.x"), timed=True, derivative_of={f"{name}/a": "cotangent"})


TASK = Task(
    name="activations",
    topic="2 MLP and activations",
    title="Activations",
    lesson="exp overflows: softmax subtracts the row's maximum first, and sigmoid takes exp(-|x|).",
    make=make,
    stages={
        "sigmoid": activation("sigmoid"),
        "relu": activation("relu"),
        "softmax": activation("softmax"),
        "extremes": Stage(outputs=("sigmoid", "relu", "softmax")),
    },
    sizes={"tiny": {"n": 4, "c": 5}, "base": {"n": 4, "c": 5}, "large": {"n": 1024, "c": 1024}},
    aligns=("ACT-SOFTMAX-DIM", "ACT-SOFTMAX-INF", "ACT-DENORM"),
    faults={
        "inputs in TF32": rounded_to_tf32(),
        "softmax normalised along the batch too": wrong("softmax/a", lambda a: a / a.sum(0)),
        "twice softmax's gradient": wrong("softmax/grad.x", lambda dx: dx * 2),
        "softmax that overflows": wrong("extremes/softmax", lambda a: np.where(a == a.max(), np.nan, a)),
        "no gradient": without("sigmoid/grad.x"),
    },
)
