"""Batch normalisation after the hidden layers of an MLP and of images: training, running statistics, evaluation."""

import numpy as np

from parity.faults import configured, rounded_to_tf32, without, wrong
from parity.task import Claim, Error, Fault, Raises, Returns, Rows, Shape, Stage, Table, Task, Where, apart

NORMS = ("bn1", "bn2", "bn_image")
STATISTICS = tuple(f"{bn}.{name}" for bn in NORMS for name in ("running_mean", "running_var"))
WEIGHTS = ("fc1.weight", "bn1.weight", "bn1.bias", "fc2.weight", "bn2.weight", "bn2.bias", "fc3.weight", "fc3.bias")
IMAGE_WEIGHTS = ("bn_image.weight", "bn_image.bias")

# With no variance Keras multiplies by 1 / √eps, 256, and then subtracts what it has multiplied: where a batch of one
# is normalised, this much smaller numbers keep the digits.
SMALL = 2.0**-8


def make(rng, n, inputs, hidden, classes, images, c, hw):
    x = rng.normal(0.5, 1, (n, inputs))
    x[:2] *= SMALL
    params = {
        "fc1.weight": rng.normal(0, inputs**-0.5, (hidden, inputs)),  # no bias: normalisation would take it away
        "fc2.weight": rng.normal(0, hidden**-0.5, (hidden, hidden)) * SMALL,
        "fc3.weight": rng.normal(0, hidden**-0.5, (classes, hidden)),
        "fc3.bias": rng.normal(0, 0.5, classes),
    }
    for bn, channels, spread in (("bn1", hidden, 1), ("bn2", hidden, SMALL), ("bn_image", c, 1)):
        params[f"{bn}.weight"] = rng.normal(1, 0.1, channels)
        params[f"{bn}.bias"] = rng.normal(0, 0.5, channels)
        params[f"{bn}.running_mean"] = rng.normal(0, 0.5, channels) * spread
        params[f"{bn}.running_var"] = rng.uniform(0.5, 2, channels) * spread**2
        params[f"{bn}.num_batches_tracked"] = np.array(0)  # in a state_dict, and only there
    batch = {
        "x": x,
        "image": rng.normal(0.5, 1, (images, c, hw, hw)),
        "cotangent": rng.normal(size=(n, classes)),
        "cotangent.image": rng.normal(size=(images, c, hw, hw)),
    }
    return params, batch


def of_the_bias(params, batch):
    """Keras: a batch of one minus its own mean is nothing, and what goes on is the bias."""
    y = np.maximum(params["bn2.bias"], 0) @ params["fc3.weight"].T + params["fc3.bias"]
    return {"y": y[None], "y.other": y[None]}


def in_keras(params, batch):
    """As it comes Keras keeps 0.99 of its statistics, and takes the rest from the mean and the biased variance."""
    z = batch["x"] @ params["fc1.weight"].T
    return {"running_mean": (1 - 0.99) * z.mean(0), "running_var": 0.99 + (1 - 0.99) * z.var(0)}


def exchanged(arrays):
    """Training where evaluation belongs, and the other way round."""
    return arrays | {
        "forward/y": arrays["evaluate/y"], "evaluate/y": arrays["forward/y"], "train_one/y": arrays["evaluate_one/y"]
    }  # fmt: skip


def moved(share, n):
    """Whether the running variance, 1 at first, has moved by this share to n / (n - 1) times the batch's variance."""

    def holds(out):
        batch = out["statistics/batch_var"]
        factor = len(out["forward/y"]) / (len(out["forward/y"]) - 1) if n == "unbiased" else 1
        return apart(out["statistics/running_var"], 1 - share + share * factor * batch) < 2**-16

    return holds


MORE_THAN_ONE = Raises(error="ValueError", match="Expected more than 1 value per channel when training")

TASK = Task(
    name="batch_norm",
    topic="6 Design, initialisation, batch normalisation",
    title="Batch normalisation",
    lesson="Training normalises by the batch's own statistics and keeps running ones for evaluation.  A batch of one "
    "has no variance: torch refuses it, Keras silently goes on with the bias, whatever the input.  The running "
    "variance is the unbiased one in torch and the biased one in Keras.",
    make=make,
    stages={
        "forward": Stage(outputs=("y", "y.image", *STATISTICS), timed=True),
        "backward": Stage(
            outputs=("grad.x", "grad.image", *(f"grad.{name}" for name in (*WEIGHTS, *IMAGE_WEIGHTS))),
            timed=True,
            derivative_of={"forward/y": "cotangent", "forward/y.image": "cotangent.image"},
        ),
        "evaluate": Stage(outputs=("y", "y.image"), timed=True),
        # Of a fresh layer after one batch: as each framework has it by default, and aligned.
        "statistics": Stage(
            outputs=("batch_var", "running_mean", "running_var", "aligned_mean", "aligned_var"),
            expected_divergence={Where(framework="tf"): Returns(compute=in_keras)},
        ),
        "train_one": Stage(
            outputs=("y", "y.other"),
            expected_divergence={
                Where(framework="numpy"): MORE_THAN_ONE,
                Where(framework="torch"): MORE_THAN_ONE,
                Where(framework="tf"): Returns(compute=of_the_bias),
            },
        ),
        "evaluate_one": Stage(outputs=("y",)),
    },
    sizes={
        "tiny": {"n": 12, "inputs": 6, "hidden": 5, "classes": 3, "images": 4, "c": 3, "hw": 6},
        # 2,048 values a channel: of 8,192 in float32 XLA's sum alone is 40 noise units (SUM-ORDER).
        "base": {"n": 32, "inputs": 784, "hidden": 256, "classes": 10, "images": 8, "c": 16, "hw": 16},
        "large": {"n": 1024, "inputs": 512, "hidden": 1024, "classes": 100, "images": 32, "c": 64, "hw": 56},
    },
    config={"eps": 2.0**-16, "momentum": 0.125},
    limits={"eps": (2.0**-24, 1), "momentum": (0, 1)},
    layout={"fc1.weight": "oi", "fc2.weight": "oi", "fc3.weight": "oi", "image": "nchw"},
    known={
        Shape("x"): (32, 784),
        Shape("fc1.weight"): (256, 784),
        Shape("fc2.weight"): (256, 256),
        Shape("fc3.weight"): (10, 256),
        Shape("image"): (8, 16, 16, 16),
        Shape("forward/y"): (32, 10),
        Shape("forward/y.image"): (8, 16, 16, 16),
        Shape("evaluate_one/y"): (1, 10),
    },
    claims={
        "Training and evaluation answer the same batch differently": Claim(
            holds=lambda out: np.std(out["forward/y"] - out["evaluate/y"]) > 0.1 * np.std(out["evaluate/y"]),
            broken_by="evaluation by the batch's statistics",
        ),
        "In evaluation a row's output does not depend on the other rows": Claim(
            holds=lambda out: apart(out["evaluate_one/y"][0], out["evaluate/y"][0]) < 2**-16,
            broken_by="training and evaluation exchanged",
        ),
        "Keras answers every batch of one alike": Claim(
            holds=lambda out: apart(out["train_one/y"], out["train_one/y.other"]) < 2**-12,
            broken_by="training and evaluation exchanged",
            frameworks=("tf",),
        ),
        "As it comes torch takes a tenth of the new variance, the unbiased one": Claim(
            holds=moved(0.1, "unbiased"), broken_by="running variance 1 % too small", frameworks=("numpy", "torch")
        ),
        "As it comes Keras takes a hundredth, of the biased one": Claim(
            holds=moved(0.01, "biased"), broken_by="running variance 1 % too small", frameworks=("tf",)
        ),
    },
    shows=(
        Rows(("batch of one", "output"), {"train": (Error("train_one", otherwise="y"),), "eval": ("evaluate_one/y",)}),
        Table(
            "channel",
            {"mean": "statistics/running_mean", "variance": "statistics/running_var"},
            every=64,
            title="Running statistics after one batch, as they come",
        ),
        Table(
            "channel",
            {"mean": "statistics/aligned_mean", "variance": "statistics/aligned_var"},
            every=64,
            title="... and aligned (BN-MOM, BN-VAR)",
        ),
    ),
    aligns=("BN-EPS", "BN-MOM", "BN-VAR", "BN-ONE", "BN-AXIS", "SUM-ORDER"),
    faults={
        "inputs in TF32": rounded_to_tf32(),
        "Keras's eps": configured(eps=1e-3),
        "Keras's momentum": configured(momentum=0.01),
        "running variance 1 % too small": wrong("statistics/running_var", lambda var: var * 0.99),
        "another running variance, 1 % too small": wrong("forward/bn1.running_var", lambda var: var * 0.99),
        "an offset in the gradient": wrong("backward/grad.x", lambda dx: dx - dx.mean(0) + 0.1),
        "no bias gradient": without("backward/grad.bn_image.bias"),
        "evaluation by the batch's statistics": Fault(outputs=lambda a: a | {"evaluate/y": a["forward/y"]}),
        "training and evaluation exchanged": Fault(outputs=exchanged),
    },
)
