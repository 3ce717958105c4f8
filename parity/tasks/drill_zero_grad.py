"""The forgotten zero_grad: gradients pile up, and a training that was stable explodes."""

import numpy as np

from parity.faults import configured, rounded_to_tf32, wrong
from parity.task import Stage, Task

NAMES = ("hidden.weight", "hidden.bias", "out.weight", "out.bias")
OUTPUTS = ("once", "twice", "ratio_is_two", "losses", "explosion")


def make(rng, n, steps, inputs, hidden):
    params = {
        "hidden.weight": rng.normal(0, inputs**-0.5, (hidden, inputs)),
        "hidden.bias": rng.normal(0, 0.1, hidden),
        "out.weight": rng.normal(0, hidden**-0.5, (1, hidden)),
        "out.bias": rng.normal(0, 0.1, 1),
    }
    x = rng.normal(size=(n, inputs))
    return params, {"x": x, "target": x[:, :1] + 2 + rng.normal(size=(n, 1)), "steps": np.arange(steps)}


TASK = Task(
    name="drill_zero_grad",
    topic="12 Debugging drills",
    title="The forgotten zero_grad",
    lesson="backward adds to .grad.  Symptom: the loss swings and grows; cure: zero them before each backward.  "
    "TensorFlow's tape does not add up: there the accumulator is explicit, and so is forgetting to reset it.",
    make=make,
    stages={
        "broken": Stage(outputs=OUTPUTS, trajectory=True),  # the first layer's gradient after one and two passes
        "fixed": Stage(outputs=OUTPUTS, trajectory=True),
    },
    sizes={
        "tiny": {"n": 8, "steps": 6, "inputs": 4, "hidden": 6},
        "base": {"n": 32, "steps": 12, "inputs": 10, "hidden": 16},
    },
    config={"lr": 0.125, "momentum": 0.875},
    layout={"hidden.weight": "oi", "out.weight": "oi", "once": "oi", "twice": "oi"},
    known={"broken/ratio_is_two": True, "fixed/ratio_is_two": False},
    aligns=("AG-ACCUM", "OPT-ZERO"),
    faults={
        "inputs in TF32": rounded_to_tf32(),
        "another rate": configured(lr=0.1),
        "zeroed after all": wrong("broken/twice", lambda g: g / 2),
        "not zeroed": wrong("fixed/losses", lambda losses: losses * 2),
    },
)
