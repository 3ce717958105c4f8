"""A multilayer perceptron for 28 x 28 images: Sequential 784-256-128-10 with ReLU."""

import numpy as np

from parity.faults import configured, rounded_to_tf32, transposed, without, wrong
from parity.task import Claim, Rows, Shape, Stage, Table, Task

NAMES = ("0.weight", "0.bias", "2.weight", "2.bias", "4.weight", "4.bias")
GRADIENTS = tuple(f"grad.{name}" for name in NAMES)
LOSS = {"forward/loss": ""}


def make(rng, n, inputs, hidden, narrow, classes):
    params = {}
    for layer, (i, o) in zip("024", ((inputs, hidden), (hidden, narrow), (narrow, classes)), strict=True):
        params[f"{layer}.weight"] = rng.normal(0, np.sqrt(2 / i), (o, i))
        params[f"{layer}.bias"] = rng.normal(0, 0.1, o)
    batch = {"x": rng.normal(size=(n, inputs)), "labels": rng.integers(classes, size=n)}
    return params, batch


def _softmax(logits):
    e = np.exp(logits - logits.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


TASK = Task(
    name="mlp",
    topic="2 MLP and activations",
    title="Multilayer perceptron",
    lesson="Linear layers with ReLU between them.  Out come logits, no probabilities: the cross-entropy takes "
    "them as they are, so there is no softmax.  The first layer has most of the parameters.",
    make=make,
    stages={
        "forward": Stage(outputs=("logits", "loss"), timed=True),
        "backward": Stage(outputs=("loss", "grad.x", *GRADIENTS), timed=True, derivative_of=LOSS),
        "step": Stage(outputs=("loss", *GRADIENTS, *NAMES), timed=True, derivative_of=LOSS),
        "summary": Stage(outputs=("shape", "by_layer", "parameters")),
    },
    sizes={
        "tiny": {"n": 4, "inputs": 12, "hidden": 8, "narrow": 8, "classes": 5},
        "base": {"n": 32, "inputs": 784, "hidden": 256, "narrow": 128, "classes": 10},
        "large": {"n": 512, "inputs": 2048, "hidden": 1024, "narrow": 512, "classes": 100},
    },
    config={"lr": 0.125},
    limits={"lr": (0.0, 4.0)},
    timing={"lr": 2.0**-30},
    layout={"0.weight": "oi", "2.weight": "oi", "4.weight": "oi"},
    known={
        Shape("x"): (32, 784),
        Shape("labels"): (32,),
        Shape("forward/logits"): (32, 10),
        "summary/shape": (32, 10),
        "summary/by_layer": (200_960, 32_896, 1_290),
        "summary/parameters": 235_146,
    },
    claims={
        "the logits are no probabilities: some are negative, and no row sums to one": Claim(
            holds=lambda out: (
                (out["forward/logits"] < 0).any() and (abs(out["forward/logits"].sum(1) - 1) > 2**-10).all()
            ),
            broken_by="a softmax in the model",
        ),
        "the first layer has most of the parameters, and the layers together all": Claim(
            holds=lambda out: (
                out["summary/by_layer"][0] > out["summary/parameters"] / 2
                and out["summary/by_layer"].sum() == out["summary/parameters"]
            ),
            broken_by="a layer's bias not counted",
        ),
    },
    shows=(
        Table("layer", {"parameters": "summary/by_layer"}, labels=("784 -> 256", "256 -> 128", "128 -> 10")),
        Rows(("model", "value"), {"parameters in all": ("summary/parameters",), "output": (Shape("forward/logits"),)}),
        Rows(("batch", "value"), {"loss": ("forward/loss",)}),
    ),
    aligns=("INIT-DENSE-W", "CE-LOGITS"),
    faults={
        "inputs in TF32": rounded_to_tf32(),
        "square weight transposed": transposed("2.weight", (1, 0)),
        "learning rate": configured(lr=0.1),
        "sum for mean": wrong("forward/loss", lambda loss: loss * 4),
        "no bias gradient": without("backward/grad.2.bias"),
        "a softmax in the model": wrong("forward/logits", _softmax),
        "a layer's bias not counted": wrong("summary/by_layer", lambda count: count - np.array([256, 0, 0])),
    },
)
