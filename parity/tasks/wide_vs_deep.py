"""A wide shallow and a narrow deep MLP with as many parameters, on a noisy sine."""

import itertools

import numpy as np

from parity.faults import configured, rounded_to_tf32, transposed, wrong
from parity.task import Stage, Task


def make(rng, n, epochs, wide, deep, layers):
    inputs, params = 2, {}
    for net, widths in (("wide", [inputs, wide, 1]), ("deep", [inputs, *[deep] * layers, 1])):
        for layer, (i, o) in enumerate(itertools.pairwise(widths)):
            params[f"{net}.{layer}.weight"] = rng.normal(0, i**-0.5, (o, i))
            params[f"{net}.{layer}.bias"] = rng.normal(0, 0.1, o)
    x = rng.normal(0, 2, (n, inputs))
    return params, {"x": x, "target": np.sin(x[:, :1]) + 0.1 * rng.normal(size=(n, 1)), "epochs": np.arange(epochs)}


DEEPEST = 5
NAMES = tuple(f"{net}.{layer}.weight" for net in ("wide", "deep") for layer in range(DEEPEST))

TASK = Task(
    name="wide_vs_deep",
    topic="6 Design, initialisation, batch normalisation",
    title="Wide or deep",
    lesson="As many parameters, arranged differently: depth composes, width adds, neither is always better.",
    make=make,
    stages={
        "wide_step": Stage(outputs=("loss",), loop=True),
        "deep_step": Stage(outputs=("loss",), loop=True),
        "train": Stage(outputs=("wide", "deep", "final"), trajectory=True),  # MSE of every epoch, and at the end
        "count": Stage(outputs=("parameters", "within_2_percent")),
    },
    sizes={
        "tiny": {"n": 16, "epochs": 6, "wide": 14, "deep": 4, "layers": 3},
        "base": {"n": 128, "epochs": 30, "wide": 220, "deep": 16, "layers": 4},
        "large": {"n": 8192, "epochs": 1, "wide": 12_480, "deep": 128, "layers": 4},
    },
    config={"lr": 2.0**-8},
    timing={"lr": 2.0**-30},
    layout=dict.fromkeys(NAMES, "oi"),
    known={"count/parameters": (881, 881), "count/within_2_percent": True},
    faults={
        "inputs in TF32": rounded_to_tf32(),
        "another rate": configured(lr=0.1),
        "square weight transposed": transposed("deep.1.weight", (1, 0)),
        "one bias not counted": wrong("count/parameters", lambda counts: counts - 1),
    },
)
