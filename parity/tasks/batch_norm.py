"""Batch normalisation after a hidden layer and of images: training, running statistics, evaluation."""

import numpy as np

from parity.faults import configured, rounded_to_tf32, without, wrong
from parity.task import Raises, Returns, Stage, Task, Where

STATISTICS = tuple(f"{bn}.{name}" for bn in ("bn1", "bn2") for name in ("running_mean", "running_var"))
NAMES = ("fc.weight", "bn1.weight", "bn1.bias", "bn2.weight", "bn2.bias")


def make(rng, n, inputs, hidden, images, c, hw):
    params = {
        "fc.weight": rng.normal(0, inputs**-0.5, (hidden, inputs)),  # no bias: normalisation would take it away
    }
    for bn, channels in (("bn1", hidden), ("bn2", c)):
        params[f"{bn}.weight"] = rng.normal(1, 0.1, channels)
        params[f"{bn}.bias"] = rng.normal(0, 0.5, channels)
        params[f"{bn}.running_mean"] = rng.normal(0, 0.5, channels)
        params[f"{bn}.running_var"] = rng.uniform(0.5, 2, channels)
        params[f"{bn}.num_batches_tracked"] = np.array(0)  # in a state_dict, and only there
    batch = {
        "x": rng.normal(0.5, 1, (n, inputs)),
        "image": rng.normal(0.5, 1, (images, c, hw, hw)),
        # Small: with no variance Keras multiplies by 1 / sqrt(eps), 256, and subtracts what it has multiplied.
        "one": rng.normal(0, 2.0**-8, (1, inputs)),
        "cotangent": rng.normal(size=(n, hidden)),
        "cotangent.image": rng.normal(size=(images, c, hw, hw)),
    }
    return params, batch


def beta(params, batch):
    """Keras: a batch of one minus its own mean is nothing, and what remains is the bias."""
    return {"y": params["bn1.bias"][None]}


MORE_THAN_ONE = Raises(error="ValueError", match="Expected more than 1 value per channel when training")

TASK = Task(
    name="batch_norm",
    topic="6 Design, initialisation, batch normalisation",
    title="Batch normalisation",
    lesson="Training normalises by the batch's own statistics and keeps running ones for evaluation.  A batch of one "
    "has no variance: torch refuses it, Keras silently returns the bias.",
    make=make,
    stages={
        "forward": Stage(outputs=("y", "y.image", *STATISTICS), timed=True),
        "backward": Stage(
            outputs=("grad.x", "grad.image", *(f"grad.{name}" for name in NAMES)),
            timed=True,
            derivative_of={"forward/y": "cotangent", "forward/y.image": "cotangent.image"},
        ),
        "evaluate": Stage(outputs=("y", "y.image"), timed=True),
        "train_one": Stage(
            outputs=("y",),
            expected_divergence={
                Where(framework="numpy"): MORE_THAN_ONE,
                Where(framework="torch"): MORE_THAN_ONE,
                Where(framework="tf"): Returns(compute=beta),
            },
        ),
        "evaluate_one": Stage(outputs=("y",)),
    },
    sizes={
        "tiny": {"n": 12, "inputs": 6, "hidden": 5, "images": 4, "c": 3, "hw": 6},
        # 2,048 values a channel: of 8,192 in float32 XLA's sum alone is 40 noise units (SUM-ORDER).
        "base": {"n": 64, "inputs": 64, "hidden": 256, "images": 8, "c": 16, "hw": 16},
        "large": {"n": 1024, "inputs": 512, "hidden": 1024, "images": 32, "c": 64, "hw": 56},
    },
    config={"eps": 2.0**-16, "momentum": 0.125},
    layout={"fc.weight": "oi", "image": "nchw"},
    aligns=("BN-EPS", "BN-MOM", "BN-VAR", "BN-ONE", "BN-AXIS", "SUM-ORDER"),
    faults={
        "inputs in TF32": rounded_to_tf32(),
        "Keras's eps": configured(eps=1e-3),
        "Keras's momentum": configured(momentum=0.01),
        "running variance 1 % too small": wrong("forward/bn1.running_var", lambda var: var * 0.99),
        "an offset in the gradient": wrong("backward/grad.x", lambda dx: dx - dx.mean(0) + 0.1),
        "no bias gradient": without("backward/grad.bn2.bias"),
    },
)
