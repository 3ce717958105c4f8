"""Dropout: a given mask in training, the identity in evaluation, and the generator as a distribution."""

import numpy as np

from parity.faults import configured, given, rounded_to_tf32, wrong
from parity.task import Claim, Returns, Rows, Shape, Stage, Stochastic, Table, Task, Where

FORWARDS = 10
P = 0.5
QUARTER = 0.25  # here p and 1 - p differ


def make(rng, n, d, p):
    batch = {
        "x": rng.normal(1, 1, (n, d)),
        "mask": rng.random((n, d)) >= p,  # what is kept
        "quarter_mask": rng.random((n, d)) >= QUARTER,
        "cotangent": rng.normal(size=(n, d)),
        "p": np.array(p),  # for what is expected of the generators
    }
    return {}, batch


def kept(params, batch):
    return np.full(FORWARDS, 1 - batch["p"])


def kept_error(params, batch):
    p = batch["p"]
    return np.sqrt(p * (1 - p) / batch["x"].size)


def mean(params, batch):
    return np.full(FORWARDS, batch["x"].mean())


def mean_error(params, batch):
    """An element of a forward is x / (1 - p) with probability 1 - p: its variance is x² p / (1 - p)."""
    x, p = batch["x"], batch["p"]
    return np.sqrt(p / (1 - p) * np.sum(x**2)) / x.size


def variance(params, batch):
    x, p = batch["x"], batch["p"]
    return np.mean(x**2) * p / (1 - p)


def variance_error(params, batch):
    """A sample variance of n values has the variance (μ₄ - σ⁴ (n - 3) / (n - 1)) / n."""
    x, p = batch["x"], batch["p"]
    of_kept = p * (1 - p)  # the variance of 0 and 1
    fourth = of_kept * (1 - 3 * of_kept)
    of_sample = (fourth - of_kept**2 * (FORWARDS - 3) / (FORWARDS - 1)) / FORWARDS
    return np.sqrt(of_sample * np.sum((x / (1 - p)) ** 4)) / x.size


NATIVE = {
    "mean": Stochastic(expected=mean, error=mean_error),
    "kept": Stochastic(expected=kept, error=kept_error),
    "variance": Stochastic(expected=variance, error=variance_error),  # none if the mask were always the same
}

TASK = Task(
    name="dropout",
    topic="7 Overfitting and dropout",
    title="Dropout",
    lesson="With p = 0.5 training drops half and doubles the rest, another half in each forward.  Evaluation is the "
    "identity, each time.  A bare torch module is in training mode, a bare Keras call is inference.",
    make=make,
    stages={
        "train": Stage(outputs=("y", "grad.x"), timed=True, derivative_of={"train/y": "cotangent"}),
        "quarter": Stage(outputs=("y", "grad.x"), derivative_of={"quarter/y": "cotangent"}),  # p = 0.25
        "evaluate": Stage(  # ten times: of each forward the mean and what it keeps, and the variance across the ten
            outputs=("y", "unchanged", "calls", "mean", "kept", "variance"), exact=frozenset({"y", "kept", "variance"})
        ),
        "native": Stage(outputs=tuple(NATIVE), stochastic=NATIVE),  # the same ten times in training
        "functional": Stage(outputs=("equals_layer",)),
        "bare": Stage(  # the layer as it comes, called without a word about the mode
            outputs=("drops",),
            expected_divergence={
                Where(framework="tf"): Returns(compute=lambda params, batch: {"drops": np.array(False)})
            },
        ),
    },
    sizes={"tiny": {"n": 50, "d": 60}, "base": {"n": 64, "d": 256}, "large": {"n": 1024, "d": 4096}},
    config={"p": P},
    limits={"p": (0.0625, 0.9375)},
    known={
        Shape("native/mean"): (FORWARDS,),
        Shape("native/kept"): (FORWARDS,),
        Shape("evaluate/mean"): (FORWARDS,),
        "evaluate/calls": FORWARDS,
        "evaluate/unchanged": FORWARDS * 64 * 256,  # elements
        "evaluate/kept": np.ones(FORWARDS),
        "evaluate/variance": 0,
        "functional/equals_layer": True,
    },
    claims={
        "training drops about half": Claim(
            holds=lambda out: (np.abs(out["native/kept"] - 0.5) < 0.05).all(), broken_by="another rate"
        ),
        "training doubles the rest, exactly": Claim(
            holds=lambda out: (
                np.isin(out["train/y"] / out["evaluate/y"][0], (0, 2)).all() and np.any(out["train/y"] != 0)
            ),
            broken_by="not scaled",
        ),
        "each forward drops another half": Claim(
            holds=lambda out: out["native/variance"] > 0.5 * np.mean(out["evaluate/y"] ** 2),
            broken_by="another rate",
        ),
        "evaluation is the identity, ten times": Claim(
            holds=lambda out: (
                out["evaluate/unchanged"] == out["evaluate/y"].size
                and (out["evaluate/y"] == out["evaluate/y"][0]).all()
            ),
            broken_by="scaled in one evaluation",
        ),
        "across the forwards in evaluation there is no variance": Claim(
            holds=lambda out: out["evaluate/variance"] == 0, broken_by="dropped in evaluation"
        ),
        "a bare torch module is in training mode": Claim(
            holds=lambda out: out["bare/drops"], broken_by="a bare call in the other mode", frameworks=("torch",)
        ),
        "a bare Keras call is inference": Claim(
            holds=lambda out: not out["bare/drops"], broken_by="a bare call in the other mode", frameworks=("tf",)
        ),
    },
    shows=(
        Table("forward", {"mean": "native/mean", "kept": "native/kept"}, title="Ten forwards of one x in training"),
        Table("forward", {"mean": "evaluate/mean", "kept": "evaluate/kept"}, title="Ten forwards in evaluation"),
        Rows(
            ("", "variance"),
            {"training": ("native/variance",), "evaluation": ("evaluate/variance",)},
            title="The variance across the ten forwards",
        ),
        Rows(
            ("", "holds"),
            {"F.dropout(training=True) is the layer": ("functional/equals_layer",),
             "a bare call drops": ("bare/drops",)},
            title="The function, and the layer as it comes",
        ),
    ),
    aligns=("DROP-MODE", "DROP-F", "DROP-SCALE"),
    faults={
        "inputs in TF32": rounded_to_tf32(),
        "what is kept dropped": given("mask", np.logical_not),
        "what is kept dropped, at a quarter": given("quarter_mask", np.logical_not),
        "another rate": configured(p=0.25),
        "not scaled": wrong("train/y", lambda y: y / 2),
        "scaled by 1 / p": wrong("quarter/y", lambda y: y * (1 - QUARTER) / QUARTER),
        "scaled in one evaluation": wrong("evaluate/y", lambda y: np.concatenate([y[:-1], 2 * y[-1:]])),
        "scaled in evaluation too": wrong("evaluate/y", lambda y: y * 2),
        "dropped in evaluation": wrong("evaluate/variance", lambda variance: variance + 1),
        "the layer never called": wrong("evaluate/calls", lambda calls: 0 * calls),
        "a bare call in the other mode": wrong("bare/drops", np.logical_not),
    },
)  # fmt: skip
