"""Two linear layers: (32, 784) -> 256 -> 10, and the shape after each."""

from parity.faults import given, rounded_to_tf32, without, wrong
from parity.task import Claim, Rows, Shape, Stage, Task


def make(rng, n, inputs, hidden, outputs):
    params = {
        "first.weight": rng.normal(0, inputs**-0.5, (hidden, inputs)),
        "first.bias": rng.normal(0, 0.1, hidden),
        "second.weight": rng.normal(0, hidden**-0.5, (outputs, hidden)),
        "second.bias": rng.normal(0, 0.1, outputs),
    }
    return params, {"x": rng.normal(size=(n, inputs)), "cotangent": rng.normal(size=(n, outputs))}


NAMES = ("x", "first.weight", "first.bias", "second.weight", "second.bias")


TASK = Task(
    name="linear_chain",
    topic="11 Shapes, loss interfaces and device",
    title="A chain of linear layers",
    lesson="The output's width of one layer is the input's width of the next; the batch stays as it is.",
    make=make,
    stages={
        "forward": Stage(outputs=("z", "y"), timed=True),
        "backward": Stage(
            outputs=tuple(f"grad.{name}" for name in NAMES), timed=True, derivative_of={"forward/y": "cotangent"}
        ),
    },
    sizes={
        "tiny": {"n": 4, "inputs": 12, "hidden": 12, "outputs": 5},
        "base": {"n": 32, "inputs": 784, "hidden": 256, "outputs": 10},
        "large": {"n": 1024, "inputs": 2048, "hidden": 2048, "outputs": 1024},
    },
    layout={"first.weight": "oi", "second.weight": "oi"},
    known={
        Shape("x"): (32, 784),
        Shape("first.weight"): (256, 784),
        Shape("second.weight"): (10, 256),
        Shape("forward/z"): (32, 256),
        Shape("forward/y"): (32, 10),
    },
    claims={
        "the first layer's width is that of the second's weights": Claim(
            holds=lambda out: out["forward/z"].shape[1] == out["backward/grad.second.weight"].shape[1],
            broken_by="width and batch exchanged",
        ),
        "the batch stays 32": Claim(
            holds=lambda out: len(out["backward/grad.x"]) == len(out["forward/z"]) == len(out["forward/y"]) == 32,
            broken_by="the batch's first row alone",
        ),
    },
    shows=(
        Rows(
            ("layer", "shape"),
            {
                "x": (Shape("backward/grad.x"),),
                "Linear(784, 256)": (Shape("forward/z"),),
                "Linear(256, 10)": (Shape("forward/y"),),
            },
            title="The shape after each",
        ),
    ),
    faults={
        "inputs in TF32": rounded_to_tf32(),
        "square weight transposed": given("first.weight", lambda w: w.T),
        "no bias": given("second.bias", lambda b: 0 * b),
        "no bias gradient": without("backward/grad.first.bias"),
        "width and batch exchanged": wrong("forward/z", lambda z: z.T),
        "the batch's first row alone": wrong("forward/y", lambda y: y[:1]),
    },
)
