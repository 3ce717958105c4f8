"""Two linear layers: (32, 784) -> 256 -> 10, and the shape after each."""

from parity.faults import given, rounded_to_tf32, wrong
from parity.task import Stage, Task


def make(rng, n, inputs, hidden, outputs):
    params = {
        "first.weight": rng.normal(0, inputs**-0.5, (hidden, inputs)),
        "first.bias": rng.normal(0, 0.1, hidden),
        "second.weight": rng.normal(0, hidden**-0.5, (outputs, hidden)),
        "second.bias": rng.normal(0, 0.1, outputs),
    }
    return params, {"x": rng.normal(size=(n, inputs))}


TASK = Task(
    name="linear_chain",
    topic="11 Shapes, loss interfaces and device",
    title="A chain of linear layers",
    lesson="The output's width of one layer is the input's width of the next.",
    make=make,
    stages={
        "forward": Stage(outputs=("z", "y"), timed=True),
        "shapes": Stage(outputs=("x", "z", "y")),
    },
    sizes={
        "tiny": {"n": 4, "inputs": 12, "hidden": 12, "outputs": 5},
        "base": {"n": 32, "inputs": 784, "hidden": 256, "outputs": 10},
        "large": {"n": 1024, "inputs": 2048, "hidden": 2048, "outputs": 1024},
    },
    layout={"first.weight": "oi", "second.weight": "oi"},
    known={"shapes/x": (32, 784), "shapes/z": (32, 256), "shapes/y": (32, 10)},
    faults={
        "inputs in TF32": rounded_to_tf32(),
        "square weight transposed": given("first.weight", lambda w: w.T),
        "no bias": given("second.bias", lambda b: 0 * b),
        "width and batch exchanged": wrong("shapes/z", lambda shape: shape[::-1]),
    },
)
