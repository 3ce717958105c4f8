"""Dead ReLUs: where every pre-activation is negative, nothing flows back."""

import numpy as np

from parity.faults import given, rounded_to_tf32, wrong
from parity.task import Claim, Shape, Stage, Table, Task


def make(rng, n, inputs, hidden):
    params = {
        "fc.weight": np.abs(rng.normal(0, inputs**-0.5, (hidden, inputs))),
        "fc.bias": -np.abs(rng.normal(0, 0.1, hidden)),
    }
    mixed = rng.normal(size=(n, inputs))
    batch = {
        "x": mixed,
        "dead_x": -np.abs(mixed),  # times positive weights, plus a negative bias: never above zero
        "cotangent": rng.normal(size=(n, hidden)),
    }
    return params, batch


OUTPUTS = ("a", "grad.x", "grad.fc.weight", "grad.fc.bias")

TASK = Task(
    name="dead_relu",
    topic="4 Gradient descent and backpropagation",
    title="Dead ReLUs",
    lesson="A ReLU passes no gradient where its input is negative; a unit that is negative for every example of every "
    "batch never learns again.",
    make=make,
    stages={
        "dead": Stage(
            outputs=("a", "grad.dead_x", "grad.fc.weight", "grad.fc.bias"),
            timed=True,
            exact=frozenset({"a", "grad.dead_x", "grad.fc.weight", "grad.fc.bias"}),
            derivative_of={"dead/a": "cotangent"},
        ),
        "mixed": Stage(outputs=OUTPUTS, timed=True, derivative_of={"mixed/a": "cotangent"}),
        # Of both batches, the dead one first: activations above zero and elements of the input's gradient that are not.
        "counts": Stage(outputs=("active", "activations", "nonzero", "elements")),
    },
    known={
        Shape("x"): (32, 20),
        Shape("dead_x"): (32, 20),
        "dead/a": np.zeros((32, 64)),
        "dead/grad.dead_x": np.zeros((32, 20)),
        "dead/grad.fc.weight": np.zeros((64, 20)),
        "dead/grad.fc.bias": np.zeros(64),
    },
    claims={
        "in the dead batch no unit is active and no gradient of the input differs from zero": Claim(
            holds=lambda out: (
                out["counts/active"][0] == out["counts/nonzero"][0] == 0 and not out["dead/grad.dead_x"].any()
            ),
            broken_by="a leak",
        ),
        "the dead batch's units learn nothing: their weights and biases have no gradient either": Claim(
            holds=lambda out: not (out["dead/grad.fc.weight"].any() or out["dead/grad.fc.bias"].any()),
            broken_by="a dead unit that learns",
        ),
        "in the mixed batch some units are active and not all, and there are gradients": Claim(
            holds=lambda out: (
                0 < out["counts/active"][1] < out["counts/activations"][1] and out["counts/nonzero"][1] > 0
            ),
            broken_by="the mixed batch dead too",
        ),
    },
    shows=(
        Table(
            "batch",
            {
                "active units": "counts/active",
                "of": "counts/activations",
                "non-zero gradients": "counts/nonzero",
                "of all": "counts/elements",
            },
            labels=("dead", "mixed"),
            title="units of all examples, and gradients of the input",
        ),
    ),
    sizes={
        "tiny": {"n": 6, "inputs": 5, "hidden": 5},
        "base": {"n": 32, "inputs": 20, "hidden": 64},
        "large": {"n": 1024, "inputs": 1024, "hidden": 1024},
    },
    layout={"fc.weight": "oi"},
    faults={
        "inputs in TF32": rounded_to_tf32(),
        "a unit that is alive": given("fc.bias", lambda b: b + np.where(np.arange(len(b)) == 0, 100, 0)),
        "a leak": wrong("dead/grad.dead_x", lambda dx: dx + 0.01),
        "a dead unit that learns": wrong("dead/grad.fc.weight", lambda dw: dw + 1),
        "the mixed batch dead too": given("x", lambda x: -np.abs(x)),
        "a gradient where there is none": wrong("mixed/grad.fc.bias", lambda db: db + 1),
    },
)
