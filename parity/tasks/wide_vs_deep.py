"""A wide shallow and a narrow deep MLP with as many parameters, on a noisy sine."""

import itertools

import numpy as np

from parity.faults import configured, rounded_to_tf32, transposed, without, wrong
from parity.task import Claim, Shape, Stage, Table, Task

DEPTH = {"wide": 1, "deep": 4}  # hidden layers


def make(rng, n, batch, epochs, wide, deep):
    inputs, params = 2, {}
    for net, width in (("wide", wide), ("deep", deep)):
        widths = [inputs, *[width] * DEPTH[net], 1]
        for layer, (i, o) in enumerate(itertools.pairwise(widths)):
            params[f"{net}.{layer}.weight"] = rng.normal(0, i**-0.5, (o, i))
            params[f"{net}.{layer}.bias"] = rng.normal(0, 0.1, o)
    x = rng.normal(0, 2, (n, inputs))
    target = np.sin(x[:, :1]) + 0.1 * rng.normal(size=(n, 1))
    return params, {"x": x, "target": target, "rows": np.arange(n).reshape(-1, batch), "epochs": np.arange(epochs)}


def learned(net):
    return tuple(f"{net}.{layer}.{part}" for layer in range(DEPTH[net] + 1) for part in ("weight", "bias"))


def step(net):
    outputs = ("loss", *(f"grad.{name}" for name in learned(net)), *learned(net))
    return Stage(outputs=outputs, timed=True, derivative_of={f"{net}_step/loss": ""})


TASK = Task(
    name="wide_vs_deep",
    topic="6 Design, initialisation, batch normalisation",
    title="Wide or deep",
    lesson="As many parameters, arranged differently: depth composes, width adds.  Both learn the noisy sine; which "
    "comes out ahead depends on the problem, the rate and the draw.",
    make=make,
    stages={
        "wide_step": step("wide"),
        "deep_step": step("deep"),
        "train": Stage(outputs=("wide", "deep", "final"), trajectory=True),  # MSE of every epoch, and at the end
        "count": Stage(outputs=("parameters",)),
    },
    sizes={
        "tiny": {"n": 16, "batch": 4, "epochs": 6, "wide": 19, "deep": 4},
        "base": {"n": 128, "batch": 16, "epochs": 30, "wide": 220, "deep": 16},
        "large": {"n": 2048, "batch": 2048, "epochs": 1, "wide": 12_512, "deep": 128},
    },
    config={"lr": 2.0**-7},  # at base the wide net diverges from 2⁻⁵ on; the gradients are judged as outputs
    limits={"lr": (0, 1)},
    timing={"lr": 2.0**-30},
    layout={name: "oi" for net in DEPTH for name in learned(net) if name.endswith("weight")},
    known={
        Shape("x"): (128, 2),
        Shape("target"): (128, 1),
        Shape("train/wide"): (30,),
        Shape("train/deep"): (30,),
        "count/parameters": (881, 881),
    },
    claims={
        "The numbers of parameters are within 2 % of one another": Claim(
            holds=lambda out: np.ptp(out["count/parameters"]) <= 0.02 * max(out["count/parameters"]),
            broken_by="the deep net's biases not counted",
        ),
        "Each net's last MSE is below half of its first epoch's": Claim(
            holds=lambda out: all(out[f"train/{net}"][-1] < out[f"train/{net}"][0] / 2 for net in DEPTH),
            broken_by="a rate that trains nothing",
        ),
    },
    shows=(
        Table(
            "epoch", {"wide MSE": "train/wide", "deep MSE": "train/deep"}, title="Mean of the epoch, while it trains"
        ),
        Table(
            "net",
            {"parameters": "count/parameters", "final MSE": "train/final"},
            labels=tuple(DEPTH),
            title="Afterwards, on all data",
        ),
    ),
    aligns=("FIT-SHUFFLE", "FIT-LOSS"),
    faults={
        "inputs in TF32": rounded_to_tf32(),
        "another rate": configured(lr=0.1),
        "a rate that trains nothing": configured(lr=2.0**-20),
        "square weight transposed": transposed("deep.1.weight", (1, 0)),
        "no bias gradient": without("deep_step/grad.deep.1.bias"),
        "one bias not counted": wrong("count/parameters", lambda counts: counts - 1),
        "the deep net's biases not counted": wrong("count/parameters", lambda counts: counts - (0, 65)),
    },
)
