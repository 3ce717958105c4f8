"""Dead ReLUs: where every pre-activation is negative, nothing flows back."""

import numpy as np

from parity.faults import given, rounded_to_tf32, wrong
from parity.task import Stage, Task


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
    },
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
        "a gradient where there is none": wrong("mixed/grad.fc.bias", lambda db: db + 1),
    },
)
