"""A model on another device than its input: torch refuses, TensorFlow copies, NumPy has one device."""

import numpy as np

from parity.faults import given, rounded_to_tf32, wrong
from parity.task import Claim, Printed, Returns, Rows, Shape, Stage, Task, Where


def make(rng, n, inputs, hidden, outputs):
    params = {
        "first.weight": rng.normal(0, inputs**-0.5, (hidden, inputs)),
        "first.bias": rng.normal(0, 0.1, hidden),
        "second.weight": rng.normal(0, hidden**-0.5, (outputs, hidden)),
        "second.bias": rng.normal(0, 0.1, outputs),
    }
    return params, {"x": rng.normal(size=(n, inputs))}


def refused(params, batch):
    """By torch: the input that was left behind, and not the one that was moved with the model."""
    return {"refused": np.array([True, False])}


TASK = Task(
    name="device_move",
    topic="11 Shapes, loss interfaces and device",
    title="Moving to a device",
    lesson="Weights and inputs must be on one device: in torch .to(device) moves each, and an input that was left "
    "behind is refused.  TensorFlow copies as it needs.",
    make=make,
    stages={
        "forward": Stage(outputs=("y",), timed=True),  # on the device that is asked for
        # Whether x is refused: left on the CPU, and moved with the model.
        "left_behind": Stage(
            outputs=("refused",), expected_divergence={Where(framework="torch"): Returns(compute=refused)}
        ),
    },
    sizes={
        "tiny": {"n": 4, "inputs": 6, "hidden": 6, "outputs": 3},
        "base": {"n": 32, "inputs": 784, "hidden": 256, "outputs": 10},
        "large": {"n": 1024, "inputs": 2048, "hidden": 2048, "outputs": 1024},
    },
    layout={"first.weight": "oi", "second.weight": "oi"},
    known={Shape("x"): (32, 784), Shape("forward/y"): (32, 10)},
    claims={
        "torch refuses an input that was left behind, and takes one that was moved": Claim(
            holds=lambda out: out["left_behind/refused"].tolist() == [True, False],
            broken_by="refused where it is not",
            frameworks=("torch",),
        ),
        "nothing is refused: TensorFlow copies, NumPy knows one device": Claim(
            holds=lambda out: not out["left_behind/refused"].any(),
            broken_by="refused where it is not",
            frameworks=("numpy", "tf"),
        ),
    },
    shows=(
        Rows(
            ("an input left on the CPU", ""),
            {"and the model on CUDA": (Printed("left_behind"),)},
        ),
        Rows(("layer", "shape"), {"the output, model and input together": (Shape("forward/y"),)}),
    ),
    aligns=("DEVICE",),
    faults={
        "inputs in TF32": rounded_to_tf32(),
        "square weight transposed": given("first.weight", lambda w: w.T),
        "no bias": given("second.bias", lambda b: 0 * b),
        "refused where it is not": wrong("left_behind/refused", np.logical_not),
    },
)
