"""Height and width after a convolution, against the formula, over a grid of kernels, paddings and strides."""

import numpy as np

from parity.faults import given, rounded_to_tf32, wrong
from parity.task import Stage, Task


def make(rng, n, c, hw, filters):
    params = {"conv.weight": rng.normal(0, 0.1, (filters, c, 7, 7)), "conv.bias": rng.normal(0, 0.1, filters)}
    return params, {"x": rng.normal(size=(n, c, hw, hw))}


TASK = Task(
    name="conv_shapes",
    topic="11 Shapes, loss interfaces and device",
    title="Shapes of convolutions",
    lesson="A convolution's output is floor((W + 2p - k) / s) + 1 wide.",
    make=make,
    stages={
        "forward": Stage(outputs=("y",), timed=True),  # kernel 3, padding 1, stride 1
        "grid": Stage(outputs=("cases", "shapes", "as_the_formula_says")),
    },
    sizes={
        "tiny": {"n": 2, "c": 3, "hw": 9, "filters": 4},
        "base": {"n": 4, "c": 3, "hw": 32, "filters": 64},
        "large": {"n": 32, "c": 64, "hw": 56, "filters": 64},
    },
    layout={"conv.weight": "oihw", "x": "nchw", "y": "nchw"},
    known={"grid/as_the_formula_says": np.ones(36, bool)},
    aligns=("CONV-SAME-S2", "CONV-LAYOUT"),
    faults={
        "inputs in TF32": rounded_to_tf32(),
        "one row and column more": wrong("grid/shapes", lambda shapes: shapes + 1),
        "kernel mirrored": given("conv.weight", lambda w: w[:, :, ::-1]),
        "batch and channels exchanged": wrong("grid/shapes", lambda shapes: shapes[:, [1, 0, 2, 3]]),
    },
)
