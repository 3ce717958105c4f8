"""A model on another device than its input: torch refuses, TensorFlow copies, NumPy has one device."""

import numpy as np

from parity.faults import given, rounded_to_tf32, wrong
from parity.task import Returns, Stage, Task, Where


def make(rng, n, inputs, hidden, outputs):
    params = {
        "first.weight": rng.normal(0, inputs**-0.5, (hidden, inputs)),
        "first.bias": rng.normal(0, 0.1, hidden),
        "second.weight": rng.normal(0, hidden**-0.5, (outputs, hidden)),
        "second.bias": rng.normal(0, 0.1, outputs),
    }
    return params, {"x": rng.normal(size=(n, inputs))}


TASK = Task(
    name="device_move",
    topic="11 Shapes, loss interfaces and device",
    title="Moving to a device",
    lesson="Weights and inputs must be on one device: in torch .to(device) moves each, TensorFlow copies as it needs.",
    make=make,
    stages={
        "forward": Stage(outputs=("y",), timed=True),  # on the device that is asked for
        "left_behind": Stage(
            outputs=("refused",),
            expected_divergence={
                Where(framework="torch"): Returns(compute=lambda params, batch: {"refused": np.array(True)})
            },
        ),
    },
    sizes={
        "tiny": {"n": 4, "inputs": 6, "hidden": 6, "outputs": 3},
        "base": {"n": 32, "inputs": 784, "hidden": 256, "outputs": 10},
        "large": {"n": 1024, "inputs": 2048, "hidden": 2048, "outputs": 1024},
    },
    layout={"first.weight": "oi", "second.weight": "oi"},
    aligns=("DEVICE",),
    faults={
        "inputs in TF32": rounded_to_tf32(),
        "square weight transposed": given("first.weight", lambda w: w.T),
        "no bias": given("second.bias", lambda b: 0 * b),
        "refused where it is not": wrong("left_behind/refused", np.logical_not),
    },
)
