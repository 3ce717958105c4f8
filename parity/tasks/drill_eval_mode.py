"""Validating with dropout left on, against evaluation mode."""

import numpy as np

from parity.faults import configured, given, rounded_to_tf32, wrong
from parity.task import Stage, Task


def make(rng, n, hidden):
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    order = rng.permutation(len(images))
    x, labels = images[order] / 16, labels[order]
    params = {
        "hidden.weight": rng.normal(0, 64**-0.5, (hidden, 64)),
        "hidden.bias": rng.normal(0, 0.5, hidden),
    }
    # A model that has learned: random features, and a head fitted to the images that are not validated on.
    features = np.tanh(x[n:] @ params["hidden.weight"].T + params["hidden.bias"])
    gram = features.T @ features + np.eye(hidden)
    params["out.weight"] = 4 * np.linalg.solve(gram, features.T @ np.eye(10)[labels[n:]]).T
    batch = {"x": x[:n], "labels": labels[:n], "mask": rng.random((n, hidden)) >= 0.5}
    return params, batch


METRICS = ("loss", "correct", "accuracy")

TASK = Task(
    name="drill_eval_mode",
    topic="12 Debugging drills",
    title="Dropout left on",
    lesson="A torch module is in training mode until eval() is called.  Symptom: a validation metric that is worse "
    "than it should be, and another one at each call.",
    make=make,
    stages={
        "broken": Stage(outputs=METRICS, timed=True),
        "fixed": Stage(outputs=METRICS, timed=True),
    },
    sizes={"tiny": {"n": 24, "hidden": 20}, "base": {"n": 360, "hidden": 256}, "large": {"n": 360, "hidden": 4096}},
    config={"p": 0.5},
    layout={"hidden.weight": "oi", "out.weight": "oi"},
    aligns=("CE-LOGITS", "DROP-MODE", "DROP-SCALE"),
    faults={
        "inputs in TF32": rounded_to_tf32(),
        "another rate": configured(p=0.25),
        "another mask": given("mask", np.logical_not),
        "one more right": wrong("fixed/correct", lambda correct: correct + 1),
    },
)
