"""A convolution block: Conv2d, ReLU, MaxPool2d, and the stride that can take the pool's place."""

from parity.faults import rounded_to_tf32, transposed, without
from parity.task import Stage, Task


def make(rng, n, c, hw, filters):
    params = {
        "conv.weight": rng.normal(0, 0.2, (filters, c, 3, 3)),
        "conv.bias": rng.normal(0, 0.1, filters),
    }
    batch = {
        "x": rng.normal(size=(n, c, hw, hw)),
        "cotangent": rng.normal(size=(n, filters, hw // 2, hw // 2)),
    }
    return params, batch


GRADIENTS = ("grad.x", "grad.conv.weight", "grad.conv.bias")

TASK = Task(
    name="conv_block",
    topic="9 CNN, RNN, attention, transfer learning",
    title="Convolution block",
    lesson="Padding 1 keeps a 3x3 convolution's height and width; a 2x2 pool halves them, and so does a stride of 2.",
    make=make,
    stages={
        "forward": Stage(outputs=("y",), timed=True),
        "backward": Stage(outputs=GRADIENTS, timed=True, derivative_of={"forward/y": "cotangent"}),
        "strided": Stage(outputs=("y", *GRADIENTS), timed=True, derivative_of={"strided/y": "cotangent"}),
        "shapes": Stage(outputs=("conv", "relu", "pool", "strided")),
    },
    sizes={
        "tiny": {"n": 2, "c": 3, "hw": 8, "filters": 4},
        "base": {"n": 8, "c": 3, "hw": 32, "filters": 64},
        "large": {"n": 32, "c": 32, "hw": 64, "filters": 64},
    },
    layout={"conv.weight": "oihw", "x": "nchw", "y": "nchw", "cotangent": "nchw"},
    known={
        "shapes/conv": (8, 64, 32, 32),
        "shapes/relu": (8, 64, 32, 32),
        "shapes/pool": (8, 64, 16, 16),
        "shapes/strided": (8, 64, 16, 16),
    },
    aligns=("CONV-LAYOUT", "CONV-SAME-S2"),
    faults={
        "inputs in TF32": rounded_to_tf32(),
        "kernel's height and width exchanged": transposed("conv.weight", (0, 1, 3, 2)),
        "no bias gradient": without("backward/grad.conv.bias"),
    },
)
