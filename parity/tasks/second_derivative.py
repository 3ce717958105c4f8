"""Second derivatives: d²(a²)/da², the Hessian of a scalar graph, and a Hessian-vector product of an MLP."""

import numpy as np

from parity.faults import rounded_to_tf32, transposed, without, wrong
from parity.task import Stage, Task

NAMES = ("hidden.weight", "hidden.bias", "out.weight", "out.bias")


def make(rng, drawn, n, inputs, hidden):
    a, b, c = rng.normal(size=3) if drawn else (2.0, 3.0, 1.0)  # the exercise's point
    params = {
        "a": np.array(a),
        "b": np.array(b),
        "c": np.array(c),
        "hidden.weight": rng.normal(0, inputs**-0.5, (hidden, inputs)),
        "hidden.bias": rng.normal(0, 0.1, hidden),
        "out.weight": rng.normal(0, hidden**-0.5, (1, hidden)),
        "out.bias": rng.normal(0, 0.1, 1),
    }
    directions = {f"direction.{name}": rng.normal(size=params[name].shape) for name in NAMES}
    x = rng.normal(size=(n, inputs))
    return params, {"x": x, "target": np.sin(x[:, :1]) + 1, **directions}


TASK = Task(
    name="second_derivative",
    topic="5 Computational graphs",
    title="Second derivatives",
    lesson="A gradient is a function too: differentiate it again.  A Hessian times a vector costs as much as a few "
    "gradients, whatever the number of parameters.",
    make=make,
    stages={
        "square": Stage(outputs=("first", "second")),  # of a²
        "functional": Stage(outputs=("a", "b", "c", "equal_accumulated")),  # gradients of (a b + c)²
        "hessian": Stage(outputs=("hessian",)),  # of (a b + c)², in the order a, b, c
        "hvp": Stage(outputs=("loss", *NAMES), timed=True),  # of the MLP's loss, along the directions
    },
    sizes={
        "tiny": {"drawn": 1, "n": 6, "inputs": 5, "hidden": 5},
        "base": {"drawn": 0, "n": 32, "inputs": 20, "hidden": 32},
        "large": {"drawn": 0, "n": 1024, "inputs": 512, "hidden": 1024},
    },
    layout={"hidden.weight": "oi", "out.weight": "oi"},
    known={
        "square/second": 2.0,
        "functional/a": 42.0,
        "functional/b": 28.0,
        "functional/c": 14.0,
        "functional/equal_accumulated": True,
        "hessian/hessian": [[18.0, 26.0, 6.0], [26.0, 8.0, 4.0], [6.0, 4.0, 2.0]],
    },
    aligns=("AG-2ND", "AG-ACCUM"),
    faults={
        "inputs in TF32": rounded_to_tf32(),
        "the mixed derivative forgotten": wrong("hessian/hessian", lambda h: np.diag(np.diag(h))),
        "square weight transposed": transposed("hidden.weight", (1, 0)),
        "no curvature in the bias": without("hvp/out.bias"),
    },
)
