"""One step of gradient descent, taken apart: zero the gradients, loss, backward, update."""

import numpy as np

from parity.faults import configured, rounded_to_tf32, transposed, without, wrong
from parity.task import Stage, Task

NAMES = ("hidden.weight", "hidden.bias", "out.weight", "out.bias")
GRADIENTS = tuple(f"grad.{name}" for name in NAMES)


def make(rng, n, inputs, hidden):
    params = {
        "hidden.weight": rng.normal(0, inputs**-0.5, (hidden, inputs)),
        "hidden.bias": rng.normal(0, 0.1, hidden),
        "out.weight": rng.normal(0, hidden**-0.5, (1, hidden)),
        "out.bias": rng.normal(0, 0.1, 1),
    }
    x = rng.normal(size=(n, inputs))
    return params, {"x": x, "target": np.sin(x[:, :1]) + 1}


TASK = Task(
    name="sgd_step",
    topic="4 Gradient descent and backpropagation",
    title="One step of gradient descent",
    lesson="The textbook's rate is 0.1.  Torch adds new gradients to old ones, so they are zeroed first; a tape and a "
    "function that returns its gradients start from nothing.",
    make=make,
    stages={
        "step": Stage(outputs=("loss", *GRADIENTS, *NAMES), timed=True, derivative_of={"step/loss": ""}),
        "zeroing": Stage(outputs=("finite", "norm_before", "norm_after"), exact=frozenset({"norm_after"})),
    },
    sizes={
        "tiny": {"n": 6, "inputs": 5, "hidden": 5},
        "base": {"n": 32, "inputs": 20, "hidden": 64},
        "large": {"n": 1024, "inputs": 1024, "hidden": 1024},
    },
    config={"lr": 0.125},
    timing={"lr": 2.0**-30},
    layout={"hidden.weight": "oi", "out.weight": "oi"},
    known={"zeroing/finite": True, "zeroing/norm_after": 0.0},
    aligns=("AG-ACCUM", "OPT-ZERO", "OPT-F64-LR"),
    faults={
        "inputs in TF32": rounded_to_tf32(),
        "square weight transposed": transposed("hidden.weight", (1, 0)),
        "learning rate": configured(lr=0.1),
        "no bias gradient": without("step/grad.out.bias"),
        "not zeroed": wrong("zeroing/norm_after", lambda norm: norm + 1),
    },
)
