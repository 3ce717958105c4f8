"""Height and width after a convolution, against the formula, over a grid of kernels, paddings and strides."""

import numpy as np

from parity.faults import given, rounded_to_tf32, wrong
from parity.task import Claim, Rows, Shape, Stage, Table, Task


def make(rng, n, c, height, width, filters):
    params = {"conv.weight": rng.normal(0, 0.1, (filters, c, 7, 7)), "conv.bias": rng.normal(0, 0.1, filters)}
    return params, {"x": rng.normal(size=(n, c, height, width))}


TASK = Task(
    name="conv_shapes",
    topic="11 Shapes, loss interfaces and device",
    title="Shapes of convolutions",
    lesson="A convolution's output is ⌊(W + 2p - k) / s⌋ + 1 wide, and as high by the same formula.  Kernel 3 with "
    "padding 1 keeps the height and width at stride 1.",
    make=make,
    stages={
        "forward": Stage(outputs=("y",), timed=True),  # kernel 3, padding 1, stride 1
        "grid": Stage(outputs=("kernel", "padding", "stride", "formula", "layer")),  # of a real layer, its shape
    },
    sizes={
        "tiny": {"n": 2, "c": 3, "height": 9, "width": 12, "filters": 4},
        "base": {"n": 4, "c": 3, "height": 32, "width": 32, "filters": 64},
        "large": {"n": 32, "c": 64, "height": 56, "width": 56, "filters": 64},
    },
    layout={"conv.weight": "oihw", "x": "nchw", "y": "nchw"},
    known={Shape("x"): (4, 3, 32, 32), Shape("forward/y"): (4, 64, 32, 32)},
    claims={
        "every layer's height and width are the formula's": Claim(
            holds=lambda out: np.array_equal(out["grid/layer"][:, 2:], out["grid/formula"]),
            broken_by="one row and column more",
        ),
        "kernel 3, padding 1, stride 1 keeps 32 x 32": Claim(
            holds=lambda out: (
                out["grid/layer"][
                    (out["grid/kernel"] == 3) & (out["grid/padding"] == 1) & (out["grid/stride"] == 1)
                ].tolist()
                == [[4, 64, 32, 32]]
            ),
            broken_by="batch and channels exchanged",
        ),
    },
    shows=(
        Rows(
            ("layer", "shape"),
            {"Conv2d(3, 64, 3, padding=1)": (Shape("forward/y"),)},
        ),
        Table(
            "case",
            {
                "k": "grid/kernel",
                "p": "grid/padding",
                "s": "grid/stride",
                "formula": "grid/formula",
                "layer": "grid/layer",
            },
            title="Height and width by the formula, and the shape of the layer's output",
        ),
    ),
    aligns=("CONV-SAME-S2", "CONV-LAYOUT"),
    faults={
        "inputs in TF32": rounded_to_tf32(),
        "one row and column more": wrong("grid/layer", lambda shapes: shapes + 1),
        "kernel mirrored": given("conv.weight", lambda w: w[:, :, ::-1]),
        "batch and channels exchanged": wrong("grid/layer", lambda shapes: shapes[:, [1, 0, 2, 3]]),
        "the one forgotten": wrong("grid/formula", lambda sides: sides - 1),
    },
)
