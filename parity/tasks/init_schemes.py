"""Xavier-uniform against Kaiming-uniform on one MLP: from given draws, and each framework's own initialiser."""

import numpy as np

from parity.faults import given, rounded_to_tf32, wrong
from parity.task import Stage, Stochastic, Task

LAYERS = ("0", "1", "2")


def make(rng, n, inputs, hidden, classes):
    shapes = ((hidden, inputs), (hidden, hidden), (classes, hidden))
    params = {f"{layer}.draws": rng.random(shape) for layer, shape in zip(LAYERS, shapes, strict=True)}
    return params, {"x": rng.normal(size=(n, inputs))}


def xavier_bound(fan_out, fan_in):
    return np.sqrt(6 / (fan_in + fan_out))


def kaiming_bound(fan_out, fan_in):
    return np.sqrt(6 / fan_in)


def deviation(bound):
    """The standard deviation of the first layer's weights: uniform on ±bound, so bound / √3."""
    return Stochastic(
        expected=lambda params, batch: bound(*params["0.draws"].shape) / np.sqrt(3),
        # var(s²) = (E[w⁴] - σ⁴) / n = bound⁴ (1/5 - 1/9) / n, and the error of s is that of s² over 2 s
        error=lambda params, batch: (
            bound(*params["0.draws"].shape) * np.sqrt(4 / 45 / params["0.draws"].size) * np.sqrt(3) / 2
        ),
    )


SCHEME = (*(f"{layer}.weight" for layer in LAYERS), "deviations")

TASK = Task(
    name="init_schemes",
    topic="6 Design, initialisation, batch normalisation",
    title="Initialisation",
    lesson="Xavier keeps the variance through linear layers, Kaiming through ReLUs, which take half of it away.  The "
    "frameworks' defaults are neither.",
    make=make,
    stages={
        "xavier": Stage(outputs=SCHEME, timed=True),
        "kaiming": Stage(outputs=SCHEME, timed=True),
        "native": Stage(
            outputs=("xavier", "kaiming", "within_bounds"),
            stochastic={"xavier": deviation(xavier_bound), "kaiming": deviation(kaiming_bound)},
        ),
    },
    sizes={
        "tiny": {"n": 6, "inputs": 40, "hidden": 50, "classes": 5},
        "base": {"n": 32, "inputs": 784, "hidden": 256, "classes": 10},
        "large": {"n": 512, "inputs": 2048, "hidden": 1024, "classes": 100},
    },
    layout={f"{layer}.{kind}": "oi" for layer in LAYERS for kind in ("draws", "weight")},
    known={"native/within_bounds": True},
    aligns=("INIT-DENSE-W", "INIT-DENSE-B", "INIT-SHARED"),
    faults={
        "inputs in TF32": rounded_to_tf32(),
        "draws of half the spread": given("0.draws", lambda draws: draws / 2),
        "a normal's bound": wrong("xavier/0.weight", lambda w: w / np.sqrt(3)),
        "fan-out for fan-in": wrong("kaiming/deviations", lambda s: s * np.sqrt(0.8)),
    },
)
