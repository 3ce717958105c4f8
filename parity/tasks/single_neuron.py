"""One neuron: a weighted sum, a bias, and an activation."""

import numpy as np

from parity.faults import given, rounded_to_tf32, without, wrong
from parity.task import FRAMEWORKS, Claim, Error, Gap, Raises, Rows, Shape, Stage, Task, Where


def make(rng, d):
    w, x = rng.normal(0, d**-0.5, d), rng.normal(size=d)
    z = rng.uniform(0.25, 2)  # positive, so ReLU lets it through; not so large that 1 - a is left to rounding
    b = z - np.dot(w, x)
    negative_x = x - 2 * z / np.dot(w, w) * w  # x mirrored: there z is as far below zero
    return {"w": w, "b": b}, {"x": x, "negative_x": negative_x, "cotangent": rng.normal(size=())}


VALUES = ("z", "sigmoid", "relu")
GRADIENTS = ("grad.x", "grad.w", "grad.b")
UNKNOWN = Raises(error="ValueError", match="unknown activation 'swich'; choose sigmoid or relu")


def _slope(out):
    """Of the sigmoid, as backward used it; ReLU's is 1 at a positive z."""
    return out["backward/grad.b"] / out["backward_relu/grad.b"]


TASK = Task(
    name="single_neuron",
    topic="1 Introduction and perceptron",
    title="A single neuron",
    lesson="A neuron is z = w·x + b and an activation a.  Its gradients are the activation's slope times w, x and 1: "
    "a (1 - a) for the sigmoid, never above 1/4, and for ReLU 1 at a positive z and 0 at a negative one.",
    make=make,
    stages={
        "forward": Stage(outputs=VALUES, timed=True),
        "negative": Stage(outputs=VALUES, exact=frozenset({"relu"})),
        "backward": Stage(outputs=GRADIENTS, timed=True, derivative_of={"forward/sigmoid": "cotangent"}),
        "backward_relu": Stage(outputs=GRADIENTS, timed=True, derivative_of={"forward/relu": "cotangent"}),
        "negative_relu": Stage(outputs=("slope",), exact=frozenset({"slope"})),
        "unknown": Stage(outputs=("a",), expected_divergence={Where(framework=f): UNKNOWN for f in FRAMEWORKS}),
    },
    known={Shape("x"): (64,), Shape("w"): (64,), Shape("b"): (), "negative/relu": 0.0, "negative_relu/slope": 0.0},
    claims={
        "the sigmoid's slope is a (1 - a), never above 1/4": Claim(
            holds=lambda out: (
                abs(_slope(out) - out["forward/sigmoid"] * (1 - out["forward/sigmoid"])) < 2**-20
                and _slope(out) <= 0.25
            ),
            broken_by="the sigmoid's slope forgotten",
        ),
        "ReLU passes a positive z on as it is": Claim(
            holds=lambda out: out["forward/relu"] == out["forward/z"] > 0, broken_by="half of ReLU"
        ),
        "ReLU makes 0 of a negative z, and its slope there is 0": Claim(
            holds=lambda out: out["negative/z"] < 0 and out["negative/relu"] == 0 and out["negative_relu/slope"] == 0,
            broken_by="ReLU forgotten",
        ),
    },
    shows=(
        Rows(
            ("at x", "value", "difference to torch"),
            {
                "z": ("forward/z", Gap("forward/z")),
                "sigmoid": ("forward/sigmoid", Gap("forward/sigmoid")),
                "relu": ("forward/relu", Gap("forward/relu")),
            },
        ),
        Rows(
            ("at x mirrored", "value", "difference to torch"),
            {
                "z": ("negative/z", Gap("negative/z")),
                "sigmoid": ("negative/sigmoid", Gap("negative/sigmoid")),
                "relu": ("negative/relu", Gap("negative/relu")),
            },
        ),
        Rows(("activation", "what comes of it"), {"swich": (Error("unknown"),)}),
    ),
    sizes={"tiny": {"d": 8}, "base": {"d": 64}, "large": {"d": 1_000_000}},
    faults={
        "inputs in TF32": rounded_to_tf32(),
        "no bias": given("b", lambda b: 0 * b),
        "no bias gradient": without("backward/grad.b"),
        "weights in reverse": given("w", lambda w: w[::-1]),
        "the sigmoid's slope forgotten": wrong("backward/grad.b", lambda db: db * 5),
        "half of ReLU": wrong("forward/relu", lambda a: a / 2),
        "ReLU forgotten": wrong("negative/relu", lambda a: a - 1),
    },
)
