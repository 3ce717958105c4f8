"""The shape after every layer of a small MLP, for a batch of 16 and for a batch of one."""

import numpy as np

from parity.faults import given, rounded_to_tf32, wrong
from parity.task import Claim, Rows, Shape, Stage, Task


def make(rng, n, inputs, hidden, narrow, classes):
    params = {}
    for layer, (i, o) in zip("024", ((inputs, hidden), (hidden, narrow), (narrow, classes)), strict=True):
        params[f"{layer}.weight"] = rng.normal(0, np.sqrt(2 / i), (o, i))
        params[f"{layer}.bias"] = rng.normal(0, 0.1, o)
    return params, {"x": rng.normal(size=(n, inputs))}


LAYERS = ("0", "1", "2", "3", "4")
NAMED = ("Linear 20 -> 32", "ReLU", "Linear 32 -> 16", "ReLU", "Linear 16 -> 4")


def _rest(out, stage):
    """The shapes of a stage's layers without their first dimension."""
    return [tuple(out[f"{stage}/{layer}"][1:]) for layer in LAYERS]


def _first(out, stage):
    return {out[f"{stage}/{layer}"][0] for layer in LAYERS}


TASK = Task(
    name="layer_shapes",
    topic="3 Forward propagation and loss",
    title="Shapes through the layers",
    lesson="A linear layer changes the last dimension and an activation none; the first is the batch, in every layer, "
    "so a batch of another size changes that one alone.",
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
        Shape("x"): (16, 20),
        Shape("forward/y"): (16, 4),
        **{f"batch/{layer}": (16, width) for layer, width in zip(LAYERS, (32, 32, 16, 16, 4), strict=True)},
        **{f"one/{layer}": (1, width) for layer, width in zip(LAYERS, (32, 32, 16, 16, 4), strict=True)},
    },
    claims={
        "from a batch of 16 to a batch of one only the first dimension changes": Claim(
            holds=lambda out: (
                _rest(out, "batch") == _rest(out, "one") and _first(out, "batch") == {16} and _first(out, "one") == {1}
            ),
            broken_by="batch and features exchanged",
        ),
        "a linear layer changes the last dimension, and an activation none": Claim(
            holds=lambda out: all(
                tuple(out[f"{stage}/{relu}"]) == tuple(out[f"{stage}/{before}"])
                and out[f"{stage}/{after}"][-1] != out[f"{stage}/{relu}"][-1]
                for stage in ("batch", "one")
                for before, relu, after in (("0", "1", "2"), ("2", "3", "4"))
            ),
            broken_by="an activation that loses a feature",
        ),
    },
    shows=(
        Rows(
            ("layer", "B=16", "B=1"),
            {f"{layer} {name}": (f"batch/{layer}", f"one/{layer}") for layer, name in zip(LAYERS, NAMED, strict=True)},
            title="shape after each layer",
        ),
    ),
    faults={
        "inputs in TF32": rounded_to_tf32(),
        "an example lost": given("x", lambda x: x[:-1]),
        "batch and features exchanged": wrong("batch/4", lambda shape: shape[::-1]),
        "an activation that loses a feature": wrong("one/3", lambda shape: shape - np.array([0, 1])),
        "the batch's axis squeezed away": wrong("one/4", lambda shape: shape[1:]),
    },
)
