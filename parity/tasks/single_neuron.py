"""One neuron: a weighted sum, a bias, and an activation."""

from parity.faults import given, rounded_to_tf32, without, wrong
from parity.task import Raises, Stage, Task, Where


def make(rng, d):
    params = {"w": rng.normal(0, d**-0.5, d), "b": rng.normal(size=())}
    batch = {"x": rng.normal(size=d), "cotangent": rng.normal(size=())}
    return params, batch


GRADIENTS = ("grad.x", "grad.w", "grad.b")
UNKNOWN = Raises(error="ValueError", match="unknown activation 'swich'; choose sigmoid or relu")

TASK = Task(
    name="single_neuron",
    topic="1 Introduction and perceptron",
    title="A single neuron",
    lesson="A neuron is z = w·x + b and an activation; its gradients are the activation's slope times x, w and 1.",
    make=make,
    stages={
        "forward": Stage(outputs=("z", "sigmoid", "relu"), timed=True),
        "backward": Stage(outputs=GRADIENTS, timed=True, derivative_of={"forward/sigmoid": "cotangent"}),
        "backward_relu": Stage(outputs=GRADIENTS, timed=True, derivative_of={"forward/relu": "cotangent"}),
        "unknown": Stage(
            outputs=("a",), expected_divergence={Where(framework=f): UNKNOWN for f in ("numpy", "torch", "tf")}
        ),
    },
    sizes={"tiny": {"d": 8}, "base": {"d": 64}, "large": {"d": 1_000_000}},
    faults={
        "inputs in TF32": rounded_to_tf32(),
        "no bias": given("b", lambda b: 0 * b),
        "no bias gradient": without("backward/grad.b"),
        "weights in reverse": given("w", lambda w: w[::-1]),
        "the activation's slope forgotten": wrong("backward/grad.x", lambda dx: dx * 4),
    },
)
