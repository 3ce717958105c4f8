"""Probabilities into a cross-entropy that wants logits: softmax is taken twice, and the loss hardly falls."""

import numpy as np

from parity.faults import configured, given, rounded_to_tf32, wrong
from parity.task import Claim, Rows, Shape, Stage, Table, Task

CLASSES = 10
NAMES = ("hidden.weight", "hidden.bias", "out.weight", "out.bias")


def make(rng, n, epochs, inputs, hidden, classes):
    params = {
        "hidden.weight": rng.normal(0, inputs**-0.5, (hidden, inputs)),
        "hidden.bias": rng.normal(0, 0.1, hidden),
        "out.weight": rng.normal(0, hidden**-0.5, (classes, hidden)),
        "out.bias": rng.normal(0, 0.1, classes),
    }
    labels = rng.integers(classes, size=n)
    centres = rng.normal(0, 2, (classes, inputs))
    return params, {"x": centres[labels] + rng.normal(size=(n, inputs)), "labels": labels, "epochs": np.arange(epochs)}


TASK = Task(
    name="drill_softmax_loss",
    topic="12 Debugging drills",
    title="Softmax before the cross-entropy",
    lesson="cross_entropy takes logits and applies softmax itself.  Symptom: the loss starts near log C and hardly "
    "falls, since a softmax of probabilities is nearly flat.  Cure: hand over the logits, and it falls.",
    make=make,
    stages={
        "broken": Stage(outputs=("losses", "remains", *NAMES), trajectory=True),
        "fixed": Stage(outputs=("losses", "remains", *NAMES), trajectory=True),
    },
    sizes={
        "tiny": {"n": 16, "epochs": 6, "inputs": 4, "hidden": 6, "classes": 4},
        "base": {"n": 128, "epochs": 10, "inputs": 10, "hidden": 16, "classes": CLASSES},
    },
    config={"lr": 0.125},
    layout={"hidden.weight": "oi", "out.weight": "oi"},
    limits={"lr": (2.0**-8, 1)},
    known={Shape("broken/losses"): (10,), Shape("fixed/losses"): (10,)},
    claims={
        "with probabilities the loss stays within 5 % of log C": Claim(
            holds=lambda out: (np.abs(out["broken/losses"] / np.log(CLASSES) - 1) < 0.05).all(),
            broken_by="a loss that falls to a tenth",
        ),
        "with probabilities at least 98 % of the loss remain": Claim(
            holds=lambda out: out["broken/remains"] > 0.98, broken_by="a loss that falls ten times as far"
        ),
        "with logits at most 75 % of the loss remain": Claim(
            holds=lambda out: out["fixed/remains"] < 0.75, broken_by="a loss that does not fall"
        ),
    },
    shows=(
        Table("step", {"loss broken": "broken/losses", "loss fixed": "fixed/losses"}, title="log C = log 10 = 2.303"),
        Rows(("", "broken", "fixed"), {"last loss / first": ("broken/remains", "fixed/remains")}),
    ),
    aligns=("CE-LOGITS",),
    faults={
        "inputs in TF32": rounded_to_tf32(),
        "another rate": configured(lr=0.1),
        "labels off by one": given("labels", lambda labels: np.roll(labels, 1)),
        "a loss that falls to a tenth": wrong(
            "broken/losses", lambda losses: losses * np.linspace(1, 0.1, len(losses))
        ),
        "a loss that does not fall": wrong("fixed/remains", np.ones_like),
        "a loss that falls ten times as far": wrong("broken/remains", lambda ratio: ratio / 10),
    },
)
