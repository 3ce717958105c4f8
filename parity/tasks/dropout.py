"""Dropout: a given mask in training, the identity in evaluation, and the generator as a distribution."""

import numpy as np

from parity.faults import configured, given, rounded_to_tf32, wrong
from parity.task import Stage, Stochastic, Task

FORWARDS = 10
P = 0.5


def make(rng, n, d):
    batch = {
        "x": rng.normal(1, 1, (n, d)),
        "mask": rng.random((n, d)) >= P,  # what is kept
        "cotangent": rng.normal(size=(n, d)),
    }
    return {}, batch


def keep_rate_error(params, batch):
    return np.sqrt(P * (1 - P) / (FORWARDS * batch["x"].size))


def mean(params, batch):
    return batch["x"].mean()


def mean_error(params, batch):
    x = batch["x"]
    return np.sqrt(P / (1 - P) * np.sum(x**2) / FORWARDS) / x.size


def variance(params, batch):
    """Of all that ten forwards give: E[y²] - E[y]², an element being x / (1 - p) with probability 1 - p."""
    x = batch["x"]
    return np.mean(x**2) / (1 - P) - np.mean(x) ** 2


def variance_error(params, batch):
    """To first order the sampled variance is the mean of y² - 2 E[y] y."""
    x = batch["x"]
    kept = (x / (1 - P)) ** 2 - 2 * np.mean(x) * x / (1 - P)
    return np.sqrt(P * (1 - P) * np.sum(kept**2) / FORWARDS) / x.size


def agreement_error(params, batch):
    """Two independent masks agree at an element with probability 1/2, and so do those of successive forwards."""
    return np.sqrt(1 / 4 / ((FORWARDS - 1) * batch["x"].size))


NATIVE = {
    "keep_rate": Stochastic(expected=lambda params, batch: 1 - P, error=keep_rate_error),
    "agreement": Stochastic(expected=lambda params, batch: P**2 + (1 - P) ** 2, error=agreement_error),  # a mask is new
    "mean": Stochastic(expected=mean, error=mean_error),
    "variance": Stochastic(expected=variance, error=variance_error),
}

TASK = Task(
    name="dropout",
    topic="7 Overfitting and dropout",
    title="Dropout",
    lesson="Training drops half and doubles the rest; evaluation is the identity.  A bare torch module is in training "
    "mode, a bare Keras call is in inference.",
    make=make,
    stages={
        "train": Stage(outputs=("y", "grad.x"), timed=True, derivative_of={"train/y": "cotangent"}),
        "evaluate": Stage(outputs=("y",), exact=frozenset({"y"})),  # ten times
        "native": Stage(outputs=tuple(NATIVE), stochastic=NATIVE),
        "functional": Stage(outputs=("equals_layer",)),
    },
    sizes={"tiny": {"n": 50, "d": 60}, "base": {"n": 64, "d": 256}, "large": {"n": 1024, "d": 4096}},
    config={"p": P},
    known={"functional/equals_layer": True},
    aligns=("DROP-MODE", "DROP-F", "DROP-SCALE"),
    faults={
        "inputs in TF32": rounded_to_tf32(),
        "what is kept dropped": given("mask", np.logical_not),
        "another rate": configured(p=0.25),
        "not scaled": wrong("train/y", lambda y: y / 2),
        "scaled in evaluation too": wrong("evaluate/y", lambda y: y * 2),
    },
)
