"""How gradients fade through a deep MLP: the norm in every layer, with tanh and with ReLU."""

import numpy as np

from parity.faults import rounded_to_tf32, transposed, wrong
from parity.task import Stage, Task

LAYERS = 5
NAMES = tuple(f"{layer}.{part}" for layer in range(LAYERS) for part in ("weight", "bias"))


def make(rng, n, inputs, width):
    params = {}
    for layer in range(LAYERS):
        i, o = (inputs if layer == 0 else width), (1 if layer == LAYERS - 1 else width)
        params[f"{layer}.weight"] = rng.normal(0, i**-0.5, (o, i))
        params[f"{layer}.bias"] = rng.normal(0, 0.1, o)
    x = rng.normal(size=(n, inputs))
    return params, {"x": x, "target": np.sin(x[:, :1]) + 2}


OUTPUTS = ("loss", "norms", "first", *(f"grad.{name}" for name in NAMES))

TASK = Task(
    name="vanishing_gradient",
    topic="8 Optimizers, learning rate, vanishing gradients",
    title="Vanishing gradients",
    lesson="A tanh multiplies the gradient by a slope below one, a ReLU by one or nothing.  With weights of variance "
    "1 / inputs it fades towards the first layer either way, and ReLU alone is no cure: at base it fades more.",
    make=make,
    stages={
        "tanh": Stage(outputs=OUTPUTS, timed=True, derivative_of={"tanh/loss": ""}),
        "relu": Stage(outputs=OUTPUTS, timed=True, derivative_of={"relu/loss": ""}),
    },
    sizes={
        "tiny": {"n": 6, "inputs": 5, "width": 6},
        "base": {"n": 32, "inputs": 20, "width": 64},
        "large": {"n": 512, "inputs": 512, "width": 1024},
    },
    layout={f"{layer}.weight": "oi" for layer in range(LAYERS)},
    faults={
        "inputs in TF32": rounded_to_tf32(),
        "square weight transposed": transposed("2.weight", (1, 0)),
        "squared norms": wrong("tanh/norms", np.square),
        "twice the first layer's norm": wrong("relu/first", lambda norm: norm * 2),
    },
)
