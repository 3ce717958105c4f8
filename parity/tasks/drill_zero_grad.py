"""The forgotten zero_grad: gradients pile up, and a training that was stable explodes."""

import numpy as np

from parity.faults import configured, rounded_to_tf32, wrong
from parity.task import Claim, Rows, Stage, Table, Task

NAMES = ("hidden.weight", "hidden.bias", "out.weight", "out.bias")
# Of the first layer after one and two passes: gradients, whether the second is exactly twice the first, their norms;
# whether anything is left of a gradient when it is zeroed, or is not; the loss of every step.
OUTPUTS = ("once", "twice", "is_twice", "norms", "cleared", "losses")


def make(rng, n, steps, inputs, hidden):
    params = {
        "hidden.weight": rng.normal(0, inputs**-0.5, (hidden, inputs)),
        "hidden.bias": rng.normal(0, 0.1, hidden),
        "out.weight": rng.normal(0, hidden**-0.5, (1, hidden)),
        "out.bias": rng.normal(0, 0.1, 1),
    }
    x = rng.normal(size=(n, inputs))
    return params, {"x": x, "target": x[:, :1] + 2 + rng.normal(size=(n, 1)), "steps": np.arange(steps)}


TASK = Task(
    name="drill_zero_grad",
    topic="12 Debugging drills",
    title="The forgotten zero_grad",
    lesson="backward adds to .grad: two passes give twice the gradient, exactly.  Symptom: the loss explodes.  Cure: "
    "zero_grad before each backward, and the loss falls.  In TensorFlow, whose tape does not add up, and in NumPy the "
    "accumulator is explicit.",
    make=make,
    stages={
        "broken": Stage(outputs=OUTPUTS, trajectory=True),
        "fixed": Stage(outputs=OUTPUTS, trajectory=True),
    },
    sizes={
        "tiny": {"n": 8, "steps": 6, "inputs": 4, "hidden": 6},
        "base": {"n": 32, "steps": 12, "inputs": 10, "hidden": 16},
    },
    config={"lr": 0.125, "momentum": 0.875},
    layout={"hidden.weight": "oi", "out.weight": "oi", "once": "oi", "twice": "oi"},
    limits={"lr": (2.0**-8, 0.25), "momentum": (0, 0.9375)},
    known={
        "broken/is_twice": True,
        "fixed/is_twice": False,
        "broken/cleared": False,
        "fixed/cleared": True,
    },
    claims={
        "two passes without zeroing give twice the gradient, exactly": Claim(
            holds=lambda out: (out["broken/twice"] == 2 * out["broken/once"]).all() and out["broken/once"].any(),
            broken_by="zeroed after all",
        ),
        "with zeroing the second pass gives the first one's gradient": Claim(
            holds=lambda out: (out["fixed/twice"] == out["fixed/once"]).all(), broken_by="added up in spite of zeroing"
        ),
        "without zeroing the loss grows to more than thirty times the first": Claim(
            holds=lambda out: out["broken/losses"].max() > 30 * out["broken/losses"][0],
            broken_by="a loss that stays",
        ),
        "with zeroing the loss never exceeds the first, and ends below half of it": Claim(
            holds=lambda out: out["fixed/losses"].max() == out["fixed/losses"][0] > 2 * out["fixed/losses"][-1],
            broken_by="not zeroed",
        ),
    },
    shows=(
        Table(
            "passes",
            {"without zeroing": "broken/norms", "with zeroing": "fixed/norms"},
            title="The norm of the first layer's gradient",
        ),
        Rows(
            ("", "without zeroing", "with zeroing"),
            {
                "two passes give exactly twice the gradient": ("broken/is_twice", "fixed/is_twice"),
                "nothing is left before the second": ("broken/cleared", "fixed/cleared"),
            },
        ),
        Table("step", {"loss broken": "broken/losses", "loss fixed": "fixed/losses"}, title="A few steps"),
    ),
    aligns=("AG-ACCUM", "OPT-ZERO", "OPT-F64-MOM"),
    faults={
        "inputs in TF32": rounded_to_tf32(),
        "another rate": configured(lr=0.1),
        "zeroed after all": wrong("broken/twice", lambda g: g / 2),
        "added up in spite of zeroing": wrong("fixed/twice", lambda g: g * 2),
        "a loss that stays": wrong("broken/losses", lambda losses: np.full_like(losses, losses[0])),
        "not zeroed": wrong("fixed/losses", lambda losses: losses * np.arange(1, len(losses) + 1)),
    },
)
