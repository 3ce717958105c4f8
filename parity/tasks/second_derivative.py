"""Second derivatives: d²(a²)/da², the Hessian of a scalar graph, and a Hessian-vector product of an MLP."""

import numpy as np

from parity.faults import rounded_to_tf32, transposed, without, wrong
from parity.task import Claim, Matrix, Rows, Shape, Stage, Table, Task

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
    v = rng.normal(size=3) if drawn else np.array([1.0, -2.0, 4.0])
    return params, {"x": x, "target": np.sin(x[:, :1]) + 1, "v": v, **directions}


TASK = Task(
    name="second_derivative",
    topic="5 Computational graphs",
    title="Second derivatives",
    lesson="A gradient is a function too: differentiate it again.  autograd.grad returns the gradients that "
    ".backward() adds to .grad.  The Hessian is symmetric.  Its product with a vector v is the gradient of "
    "gradient · v, and needs no Hessian.",
    make=make,
    stages={
        "square": Stage(outputs=("first", "second")),  # of a²
        "gradients": Stage(outputs=("loss", "returned", "accumulated", "equal")),  # of (a b + c)², by a, b and c
        "hessian": Stage(outputs=("hessian", "product")),  # of the same; and times v, without it
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
        "square/first": 4.0,
        "gradients/loss": 49.0,
        "gradients/returned": (42.0, 28.0, 14.0),
        "gradients/accumulated": (42.0, 28.0, 14.0),
        "gradients/equal": True,
        Shape("hessian/hessian"): (3, 3),
        "hessian/hessian": [[18.0, 26.0, 6.0], [26.0, 8.0, 4.0], [6.0, 4.0, 2.0]],
        "hessian/product": (-10.0, 26.0, 6.0),
    },
    claims={
        "the gradients that are returned and those that are accumulated are the same": Claim(
            holds=lambda out: (
                out["gradients/equal"] and np.array_equal(out["gradients/returned"], out["gradients/accumulated"])
            ),
            broken_by="accumulated twice",
        ),
        "at 2 the derivative of a² is 4, and the derivative of that 2": Claim(
            holds=lambda out: out["square/second"] == 2 and out["square/first"] == 4,
            broken_by="the gradient for its derivative",
        ),
        "the Hessian is symmetric": Claim(
            holds=lambda out: np.array_equal(out["hessian/hessian"], out["hessian/hessian"].T),
            broken_by="one mixed derivative forgotten",
        ),
        "its product with v = (1, -2, 4) is the Hessian times v": Claim(
            holds=lambda out: np.array_equal(out["hessian/hessian"] @ [1, -2, 4], out["hessian/product"]),
            broken_by="the mixed derivatives forgotten",
        ),
    },
    shows=(
        Table(
            "by",
            {"returned (autograd.grad)": "gradients/returned", "accumulated (.backward)": "gradients/accumulated"},
            labels=("a", "b", "c"),
            title="gradients of L = (a b + c)² at 2, 3, 1",
        ),
        Rows(("of a² at 2", "value"), {"first derivative": ("square/first",), "second": ("square/second",)}),
        Matrix("hessian/hessian", "Hessian of L"),
        Matrix("hessian/product", "Hessian of L times (1, -2, 4)"),
        Rows(
            ("an MLP's Hessian times a direction", "shape"),
            {f"for {name}": (Shape(f"hvp/{name}"),) for name in NAMES},
        ),
    ),
    aligns=("AG-2ND", "AG-ACCUM"),
    faults={
        "inputs in TF32": rounded_to_tf32(),
        "accumulated twice": wrong("gradients/accumulated", lambda g: g * 2),
        "the gradient for its derivative": wrong("square/second", lambda d: d * 2),
        "one mixed derivative forgotten": wrong("hessian/hessian", np.tril),
        "the mixed derivatives forgotten": wrong("hessian/hessian", lambda h: np.diag(np.diag(h))),
        "square weight transposed": transposed("hidden.weight", (1, 0)),
        "no curvature in the bias": without("hvp/out.bias"),
    },
)
