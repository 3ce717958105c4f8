"""SGD with momentum and Adam: the same model, data and order of batches for twenty epochs."""

import numpy as np

from parity.faults import configured, given, rounded_to_tf32, without, wrong
from parity.task import Stage, Task

NAMES = ("hidden.weight", "hidden.bias", "out.weight", "out.bias")
GRADIENTS = tuple(f"grad.{name}" for name in NAMES)
SGD = (*NAMES, *(f"momentum.{name}" for name in NAMES))
ADAM = (*NAMES, *(f"{moment}.{name}" for name in NAMES for moment in ("exp_avg", "exp_avg_sq")))


def make(rng, n, batches, epochs, inputs, hidden, classes):
    params = {
        "hidden.weight": rng.normal(0, inputs**-0.5, (hidden, inputs)),
        "hidden.bias": rng.normal(0, 0.1, hidden),
        "out.weight": rng.normal(0, hidden**-0.5, (classes, hidden)),
        "out.bias": rng.normal(0, 0.1, classes),
    }
    batch = {
        "x": rng.normal(size=(n * batches, inputs)),
        # Nothing to learn but noise: the losses stay well above zero.
        "labels": rng.integers(classes, size=n * batches),
        "order": np.stack([rng.permutation(n * batches) for _ in range(epochs)]).reshape(epochs, batches, n),
    }
    return params, batch


TASK = Task(
    name="optimizers",
    topic="8 Optimizers, learning rate, vanishing gradients",
    title="SGD with momentum, and Adam",
    lesson="Textbook: momentum 0.9; betas 0.9 and 0.999, eps 1e-8.  Adam divides by the gradient's own size, so every "
    "weight moves by about the learning rate.",
    make=make,
    stages={
        "sgd_step": Stage(outputs=("loss", *GRADIENTS, *SGD), timed=True, derivative_of={"sgd_step/loss": ""}),
        "adam_step": Stage(outputs=("loss", *GRADIENTS, *ADAM), timed=True, derivative_of={"adam_step/loss": ""}),
        "sgd": Stage(outputs=("losses", "norm", *SGD), trajectory=True),
        "adam": Stage(outputs=("losses", "norm", *ADAM), trajectory=True),
    },
    sizes={
        "tiny": {"n": 12, "batches": 2, "epochs": 20, "inputs": 6, "hidden": 6, "classes": 4},
        "base": {"n": 32, "batches": 4, "epochs": 20, "inputs": 20, "hidden": 32, "classes": 10},
        "large": {"n": 512, "batches": 1, "epochs": 1, "inputs": 1024, "hidden": 1024, "classes": 100},
    },
    # eps below rounding: then it does not matter whether it stands inside the root or outside (OPT-ADAM-EPSHAT).
    config={
        "lr": 0.125, "momentum": 0.875, "adam_lr": 2.0**-6, "beta1": 0.875, "beta2": 1 - 2.0**-10, "eps": 2.0**-100,
    },
    timing={"lr": 2.0**-30, "adam_lr": 2.0**-30},
    layout={"hidden.weight": "oi", "out.weight": "oi"},
    aligns=(
        "CE-LOGITS",
        "OPT-SGD-LRCHANGE",
        "OPT-ADAM-EPS",
        "OPT-ADAM-EPSHAT",
        "OPT-ADAM-F32BETA",
        "OPT-F64-LR",
        "OPT-F64-MOM",
    ),
    faults={
        "inputs in TF32": rounded_to_tf32(),
        "textbook's momentum": configured(momentum=0.9),
        "textbook's second beta": configured(beta2=0.999),
        "another order of the batches": given("order", lambda order: order[:, ::-1]),
        "no bias gradient": without("sgd_step/grad.hidden.bias"),
        "first moment decayed once more": wrong("adam/exp_avg.out.bias", lambda m: m * 0.875),
    },
)  # fmt: skip
