"""A convolution block: Conv2d, ReLU, MaxPool2d, and a convolution of stride 2 that can take the pool's place."""

from parity.faults import rounded_to_tf32, transposed, without, wrong
from parity.task import Claim, Rows, Shape, Stage, Task


def make(rng, n, c, height, width, filters):
    params = {
        "conv.weight": rng.normal(0, 0.2, (filters, c, 3, 3)),
        "conv.bias": rng.normal(0, 0.1, filters),
        "down.weight": rng.normal(0, (filters * 9) ** -0.5, (filters, filters, 3, 3)),
        "down.bias": rng.normal(0, 0.1, filters),
    }
    batch = {
        "x": rng.normal(size=(n, c, height, width)),
        "cotangent": rng.normal(size=(n, filters, height // 2, width // 2)),
        # An odd height: the pool leaves its last row out, the convolution does not.
        "cotangent.down": rng.normal(size=(n, filters, (height + 1) // 2, (width + 1) // 2)),
    }
    return params, batch


GRADIENTS = ("grad.x", "grad.conv.weight", "grad.conv.bias")
DOWN = ("grad.down.weight", "grad.down.bias")


def _halved(small, large):
    return small.shape[:2] == large.shape[:2] and all(2 * a == b for a, b in zip(small.shape[2:], large.shape[2:]))


TASK = Task(
    name="conv_block",
    topic="9 CNN, RNN, attention, transfer learning",
    title="Convolution block",
    lesson="Padding 1 keeps a 3x3 convolution's height and width; a 2x2 pool halves them, and so does a convolution "
    "of stride 2.",
    make=make,
    stages={
        "forward": Stage(outputs=("y",), timed=True),
        "backward": Stage(outputs=GRADIENTS, timed=True, derivative_of={"forward/y": "cotangent"}),
        # Of the pool's substitute; conv's own gradients are those of backward.  Here they would be sums of 8,192 terms,
        # which torch adds one after the other on one thread: 20 to 31 noise units in float32.
        "strided": Stage(outputs=("y", "grad.x", *DOWN), timed=True, derivative_of={"strided/y": "cotangent.down"}),
        "layers": Stage(outputs=("conv", "relu", "pool", "down")),  # what comes out of each
    },
    sizes={
        "tiny": {"n": 2, "c": 3, "height": 7, "width": 10, "filters": 4},
        "base": {"n": 8, "c": 3, "height": 32, "width": 32, "filters": 64},
        "large": {"n": 32, "c": 32, "height": 64, "width": 64, "filters": 64},
    },
    layout={
        "conv.weight": "oihw", "down.weight": "oihw", "x": "nchw", "y": "nchw", "cotangent": "nchw",
        "cotangent.down": "nchw", "conv": "nchw", "relu": "nchw", "pool": "nchw", "down": "nchw",
    },
    known={
        Shape("x"): (8, 3, 32, 32),
        Shape("conv.weight"): (64, 3, 3, 3),
        Shape("layers/conv"): (8, 64, 32, 32),
        Shape("layers/relu"): (8, 64, 32, 32),
        Shape("layers/pool"): (8, 64, 16, 16),
        Shape("layers/down"): (8, 64, 16, 16),
        Shape("forward/y"): (8, 64, 16, 16),
        Shape("strided/y"): (8, 64, 16, 16),
    },
    claims={
        "Padding 1 keeps the height and width of x": Claim(
            holds=lambda out: out["layers/conv"].shape[2:] == out["backward/grad.x"].shape[2:],
            broken_by="no padding",
        ),
        "the pool halves the height and width": Claim(
            holds=lambda out: _halved(out["layers/pool"], out["layers/relu"]), broken_by="the pool forgotten"
        ),
        "the convolution of stride 2 halves them as well": Claim(
            holds=lambda out: _halved(out["layers/down"], out["layers/relu"]), broken_by="a stride of 1"
        ),
        "nothing is below zero after the ReLU, and something was before": Claim(
            holds=lambda out: out["layers/relu"].min() == 0 > out["layers/conv"].min(), broken_by="no ReLU"
        ),
    },
    shows=(
        Rows(
            ("layer", "shape"),
            {
                "Conv2d(3, 64, 3, padding=1)": (Shape("layers/conv"),),
                "ReLU": (Shape("layers/relu"),),
                "MaxPool2d(2)": (Shape("layers/pool"),),
                "or Conv2d(64, 64, 3, stride=2, padding=1)": (Shape("layers/down"),),
            },
        ),
    ),
    aligns=("CONV-LAYOUT", "CONV-SAME-S2"),
    faults={
        "inputs in TF32": rounded_to_tf32(),
        "kernel's height and width exchanged": transposed("conv.weight", (0, 1, 3, 2)),
        "filters and channels exchanged": transposed("down.weight", (1, 0, 2, 3)),
        "no bias gradient": without("backward/grad.conv.bias"),
        "no padding": wrong("layers/conv", lambda z: z[:, :, 1:-1, 1:-1]),
        "the pool forgotten": wrong("layers/pool", lambda y: y.repeat(2, axis=2).repeat(2, axis=3)),
        "a stride of 1": wrong("layers/down", lambda y: y.repeat(2, axis=2).repeat(2, axis=3)),
        "no ReLU": wrong("layers/relu", lambda a: a - 1),
    },
)  # fmt: skip
