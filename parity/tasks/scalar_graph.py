"""A computational graph of scalars: L = (a b + c)²."""

import numpy as np

from parity.faults import rounded_to_tf32, without, wrong
from parity.task import Claim, Rows, Stage, Task


def make(rng, drawn):
    a, b, c = rng.normal(size=3) if drawn else (2.0, 3.0, 1.0)  # the exercise's point
    return {"a": np.array(a), "b": np.array(b), "c": np.array(c)}, {}


TASK = Task(
    name="scalar_graph",
    topic="5 Computational graphs",
    title="A graph of scalars",
    lesson="Backpropagation multiplies local derivatives: with u = a b + c, dL/da = 2u b, dL/db = 2u a, dL/dc = 2u.",
    make=make,
    stages={
        "forward": Stage(outputs=("u", "loss"), timed=True),
        "backward": Stage(
            outputs=("loss", "grad.a", "grad.b", "grad.c"), timed=True, derivative_of={"forward/loss": ""}
        ),
    },
    sizes={"tiny": {"drawn": 1}, "base": {"drawn": 0}, "large": {"drawn": 0}},
    known={
        "forward/u": 7.0,
        "forward/loss": 49.0,
        "backward/grad.a": 42.0,
        "backward/grad.b": 28.0,
        "backward/grad.c": 14.0,
    },
    claims={
        "dL/dc is 2u": Claim(
            holds=lambda out: out["backward/grad.c"] == 2 * out["forward/u"], broken_by="no gradient of c"
        ),
        "dL/da is b times that, 3, and dL/db a times that, 2": Claim(
            holds=lambda out: (
                out["backward/grad.a"] == 3 * out["backward/grad.c"]
                and out["backward/grad.b"] == 2 * out["backward/grad.c"]
            ),
            broken_by="the square's factor forgotten",
        ),
    },
    shows=(
        Rows(
            ("at a = 2, b = 3, c = 1", "value"),
            {
                "u = a b + c": ("forward/u",),
                "L = u²": ("forward/loss",),
                "dL/da": ("backward/grad.a",),
                "dL/db": ("backward/grad.b",),
                "dL/dc": ("backward/grad.c",),
            },
        ),
    ),
    faults={
        "inputs in TF32": rounded_to_tf32(),
        "no gradient of c": without("backward/grad.c"),
        "the square's factor forgotten": wrong("backward/grad.a", lambda da: da / 2),
    },
)
