"""A multilayer perceptron for 28 x 28 images: Sequential 784-256-128-10 with ReLU."""

import numpy as np

from parity.faults import configured, rounded_to_tf32, transposed, without, wrong
from parity.task import Stage, Task

NAMES = ("0.weight", "0.bias", "2.weight", "2.bias", "4.weight", "4.bias")
GRADIENTS = tuple(f"grad.{name}" for name in NAMES)
LOSS = {"forward/loss": ""}


def make(rng, n, inputs, hidden, narrow, classes):
    params = {}
    for layer, (i, o) in zip("024", ((inputs, hidden), (hidden, narrow), (narrow, classes)), strict=True):
        params[f"{layer}.weight"] = rng.normal(0, np.sqrt(2 / i), (o, i))
        params[f"{layer}.bias"] = rng.normal(0, 0.1, o)
    batch = {"x": rng.normal(size=(n, inputs)), "labels": rng.integers(classes, size=n)}
    return params, batch


TASK = Task(
    name="mlp",
    topic="2 MLP and activations",
    title="Multilayer perceptron",
    lesson="Linear layers with ReLU between them; logits out, no softmax: the cross-entropy takes logits.",
    make=make,
    stages={
        "forward": Stage(outputs=("logits", "loss"), timed=True),
        "backward": Stage(outputs=("loss", "grad.x", *GRADIENTS), timed=True, derivative_of=LOSS),
        "step": Stage(outputs=("loss", *GRADIENTS, *NAMES), timed=True, derivative_of=LOSS),
        "summary": Stage(outputs=("shape", "parameters")),
    },
    sizes={
        "tiny": {"n": 4, "inputs": 12, "hidden": 8, "narrow": 8, "classes": 5},
        "base": {"n": 32, "inputs": 784, "hidden": 256, "narrow": 128, "classes": 10},
        "large": {"n": 512, "inputs": 2048, "hidden": 1024, "narrow": 512, "classes": 100},
    },
    config={"lr": 0.125},
    timing={"lr": 2.0**-30},
    layout={"0.weight": "oi", "2.weight": "oi", "4.weight": "oi"},
    known={"summary/shape": (32, 10), "summary/parameters": 235_146},
    aligns=("INIT-DENSE-W", "CE-LOGITS"),
    faults={
        "inputs in TF32": rounded_to_tf32(),
        "square weight transposed": transposed("2.weight", (1, 0)),
        "learning rate": configured(lr=0.1),
        "sum for mean": wrong("forward/loss", lambda loss: loss * 4),
        "no bias gradient": without("backward/grad.2.bias"),
    },
)
