"""One step of gradient descent, taken apart: zero the gradients, loss, backward, update."""

import numpy as np

from parity.faults import configured, rounded_to_tf32, transposed, without, wrong
from parity.task import Claim, Rows, Shape, Stage, Task

NAMES = ("hidden.weight", "hidden.bias", "out.weight", "out.bias")
GRADIENTS = tuple(f"grad.{name}" for name in NAMES)


def make(rng, n, inputs, hidden):
    params = {
        "hidden.weight": rng.normal(0, inputs**-0.5, (hidden, inputs)),
        "hidden.bias": rng.normal(0, 0.1, hidden),
        "out.weight": rng.normal(0, hidden**-0.5, (1, hidden)),
        "out.bias": rng.normal(0, 0.1, 1),
    }
    x = rng.normal(size=(n, inputs))
    return params, {"x": x, "target": np.sin(x[:, :1]) + 1}


TASK = Task(
    name="sgd_step",
    topic="4 Gradient descent and backpropagation",
    title="One step of gradient descent",
    lesson="A step against the gradient lowers the loss; the textbook's rate is 0.1.  Torch adds new gradients to old "
    "ones, so they are zeroed first, to None (its default) or to zeros; a tape, and a function that returns its "
    "gradients, start from nothing.",
    make=make,
    stages={
        "step": Stage(outputs=("loss", *GRADIENTS, *NAMES), timed=True, derivative_of={"step/loss": ""}),
        "descent": Stage(outputs=("before", "after", "finite")),  # the loss, before the step and after it
        "zeroing": Stage(
            outputs=("norm_before", "norm_twice", "norm_after", "none_after"), exact=frozenset({"norm_after"})
        ),
    },
    sizes={
        "tiny": {"n": 6, "inputs": 5, "hidden": 5},
        "base": {"n": 32, "inputs": 20, "hidden": 64},
        "large": {"n": 1024, "inputs": 1024, "hidden": 1024},
    },
    config={"lr": 0.125},
    limits={"lr": (0.0, 4.0)},
    timing={"lr": 2.0**-30},
    layout={"hidden.weight": "oi", "out.weight": "oi"},
    known={
        Shape("x"): (32, 20),
        Shape("target"): (32, 1),
        "descent/finite": True,
        "zeroing/norm_after": 0.0,
        "zeroing/none_after": True,
    },
    claims={
        "the loss is finite, and lower after the step": Claim(
            holds=lambda out: out["descent/finite"] and out["descent/after"] < out["descent/before"],
            broken_by="a step uphill",
        ),
        "a second backward without zeroing doubles the gradient": Claim(
            holds=lambda out: out["zeroing/norm_twice"] == 2 * out["zeroing/norm_before"] > 0,
            broken_by="the second backward lost",
            frameworks=("torch",),  # a tape gives gradients out, and NumPy's are added by hand
        ),
        "there is a gradient before zeroing, and none after it": Claim(
            holds=lambda out: (
                out["zeroing/norm_before"] > 0 and out["zeroing/norm_after"] == 0 and out["zeroing/none_after"]
            ),
            broken_by="not zeroed",
            frameworks=("torch",),
        ),
    },
    shows=(
        Rows(("loss", "value"), {"before the step": ("descent/before",), "after the step": ("descent/after",)}),
        Rows(
            ("first layer's weight gradient", "norm"),
            {
                "before zeroing": ("zeroing/norm_before",),
                "after a second backward": ("zeroing/norm_twice",),
                "after zeroing to zeros": ("zeroing/norm_after",),
            },
        ),
        Rows(("after zeroing to None", "holds"), {"every gradient is None": ("zeroing/none_after",)}),
    ),
    aligns=("AG-ACCUM", "OPT-ZERO", "OPT-F64-LR"),
    faults={
        "inputs in TF32": rounded_to_tf32(),
        "square weight transposed": transposed("hidden.weight", (1, 0)),
        "learning rate": configured(lr=0.1),
        "no bias gradient": without("step/grad.out.bias"),
        "a step uphill": configured(lr=-0.125),
        "the second backward lost": wrong("zeroing/norm_twice", lambda norm: norm / 2),
        "not zeroed": wrong("zeroing/norm_after", lambda norm: norm + 1),
    },
)
