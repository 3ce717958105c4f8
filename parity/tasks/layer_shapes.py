"""The shape after every layer of a small MLP, for a batch of 16 and for a batch of one."""

import numpy as np

from parity.faults import given, rounded_to_tf32, wrong
from parity.task import Stage, Task


def make(rng, n, inputs, hidden, narrow, classes):
    params = {}
    for layer, (i, o) in zip("024", ((inputs, hidden), (hidden, narrow), (narrow, classes)), strict=True):
        params[f"{layer}.weight"] = rng.normal(0, np.sqrt(2 / i), (o, i))
        params[f"{layer}.bias"] = rng.normal(0, 0.1, o)
    return params, {"x": rng.normal(size=(n, inputs))}


LAYERS = ("0", "1", "2", "3", "4")

TASK = Task(
    name="layer_shapes",
    topic="3 Forward propagation and loss",
    title="Shapes through the layers",
    lesson="A linear layer changes the last axis and an activation none; the first axis is the batch, always.",
    make=make,
    stages={
        "forward": Stage(outputs=("y",), timed=True),
        "batch": Stage(outputs=LAYERS),
        "one": Stage(outputs=LAYERS),
    },
    sizes={
        "tiny": {"n": 4, "inputs": 6, "hidden": 8, "narrow": 5, "classes": 3},
        "base": {"n": 16, "inputs": 20, "hidden": 32, "narrow": 16, "classes": 4},
        "large": {"n": 1024, "inputs": 1024, "hidden": 1024, "narrow": 512, "classes": 10},
    },
    layout={"0.weight": "oi", "2.weight": "oi", "4.weight": "oi"},
    known={
        **{f"batch/{layer}": (16, width) for layer, width in zip(LAYERS, (32, 32, 16, 16, 4), strict=True)},
        **{f"one/{layer}": (1, width) for layer, width in zip(LAYERS, (32, 32, 16, 16, 4), strict=True)},
    },
    faults={
        "inputs in TF32": rounded_to_tf32(),
        "an example lost": given("x", lambda x: x[:-1]),
        "batch and features exchanged": wrong("batch/4", lambda shape: shape[::-1]),
        "the batch's axis squeezed away": wrong("one/4", lambda shape: shape[1:]),
    },
)
