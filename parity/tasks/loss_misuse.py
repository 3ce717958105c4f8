"""Deliberate mistakes of shape and dtype in three losses: what each framework says, or silently computes."""

import numpy as np

from parity.faults import given, rounded_to_tf32, wrong
from parity.task import Claim, Error, Fault, Raises, Returns, Rows, Shape, Stage, Task, Where


def make(rng, n, classes):
    labels = rng.integers(classes, size=n)
    batch = {
        "prediction": rng.normal(size=(n, 1)),
        "target": rng.normal(size=n),  # (n,), where (n, 1) belongs
        "logits": rng.normal(0, 2, (n, classes)),
        "labels": labels,
        "one_hot": np.eye(classes, dtype=np.int64)[labels],
        "out_of_range": np.where(np.arange(n) == 1, classes + 2, labels),
        "negative": np.where(np.arange(n) == 1, -1, labels),
        "z": rng.normal(0, 2, (n, 1)),
        "truth": rng.integers(2, size=(n, 1)),
    }
    return {}, batch


def squeezed(params, batch):
    """Keras makes (n, 1) and (n,) one shape: the loss that was meant."""
    return {"loss": np.mean((batch["prediction"][:, 0] - batch["target"]) ** 2)}


def cross_entropy(params, batch):
    """The loss that was meant: of float or (n, 1) labels in Keras, of one-hot floats in torch."""
    logits = batch["logits"]
    log_total = np.log(np.exp(logits).sum(1))
    return {"loss": np.mean(log_total - logits[np.arange(len(logits)), batch["labels"]])}


def squeezed_bce(params, batch):
    """As in the squared error, Keras makes (n, 1) and (n,) one shape."""
    z, truth = batch["z"], batch["truth"]
    return {"loss": np.mean(np.log1p(np.exp(z)) - z * truth)}


def paired(params, batch):
    """The mean over all n² pairs, which is what NumPy makes of (n, 1) and (n,)."""
    return {"loss": np.mean((batch["prediction"] - batch["target"]) ** 2)}


def paired_bce(params, batch):
    z, truth = batch["z"], batch["truth"][:, 0]
    return {"loss": np.mean(np.log1p(np.exp(z)) - z * truth)}


def paired_cross_entropy(params, batch):
    logits = batch["logits"]
    log_total = np.log(np.exp(logits).sum(1, keepdims=True))
    return {"loss": np.mean(log_total - logits[:, batch["labels"]])}


def of_the_last_class(params, batch):
    """In NumPy -1 is the last class."""
    return cross_entropy(params, batch | {"labels": batch["negative"]})


def misuse(**declared):
    """A stage with the loss of a mistake; framework -> what is declared."""
    return Stage(
        outputs=("loss",), expected_divergence={Where(framework=name): what for name, what in declared.items()}
    )


# The name of a mistake on the screen -> its stage.
MISTAKES = {
    "MSE, targets (B,)": "mse_broadcast",
    "the same, warnings made errors": "mse_warning",
    "cross-entropy, float labels": "float_labels",
    "cross-entropy, labels (B, 1)": "column_labels",
    "cross-entropy, one-hot integers": "one_hot_labels",
    "cross-entropy, one-hot floats": "one_hot_floats",
    "cross-entropy, label C + 2": "label_out_of_range",
    "cross-entropy, label -1": "negative_label",
    "BCE, targets (B,)": "bce_broadcast",
    "BCE, integer targets": "integer_bce",
}


def _is_meant(out, stage, loss):
    return abs(out[f"{stage}/loss"] - out[f"fixed/{loss}"]) < 2**-18


TASK = Task(
    name="loss_misuse",
    topic="3 Forward propagation and loss",
    title="Losses misused",
    lesson="Targets (B,) against predictions (B, 1) broadcast to (B, B): torch's squared error warns and computes a "
    "wrong loss, NumPy says nothing, and Keras drops the axis and computes what was meant.  Labels are integers of "
    "shape (B,) from 0 to C-1, and torch wants float targets in BCE.  No framework refuses every mistake, so look at "
    "the shapes yourself.",
    make=make,
    stages={
        # NumPy is silent and torch only warns: both compute the mean over all n² pairs.
        "mse_broadcast": misuse(tf=Returns(compute=squeezed)),
        "mse_warning": misuse(
            numpy=Returns(compute=paired),
            torch=Raises(error="UserWarning", match="Using a target size .* different to the input size"),
            tf=Returns(compute=squeezed),
        ),
        "float_labels": misuse(
            numpy=Raises(error="IndexError", match="must be of integer"),
            torch=Raises(error="RuntimeError", match="expected target dtype to be Long or Byte, but got"),
            tf=Returns(compute=cross_entropy),
        ),
        # NumPy pairs each row with every label.
        "column_labels": misuse(
            numpy=Returns(compute=paired_cross_entropy),
            torch=Raises(error="RuntimeError", match="0D or 1D target tensor expected"),
            tf=Returns(compute=cross_entropy),
        ),
        "one_hot_labels": misuse(
            numpy=Raises(error="IndexError", match="could not be broadcast together"),
            torch=Raises(error="RuntimeError", match="Expected floating point type for target with class prob"),
            tf=Raises(error="ValueError", match="must have rank"),
        ),
        # Torch takes them for the classes' probabilities, which they are.
        "one_hot_floats": misuse(
            numpy=Raises(error="IndexError", match="must be of integer"),
            torch=Returns(compute=cross_entropy),
            tf=Raises(error="ValueError", match="must have rank"),
        ),
        "label_out_of_range": misuse(
            numpy=Raises(error="IndexError", match="out of bounds"),
            torch=Raises(error="IndexError", match="is out of bounds"),
            tf=Raises(error="InvalidArgumentError", match="outside the valid range"),
        ),
        # NumPy counts from the last class, without a word.
        "negative_label": misuse(
            numpy=Returns(compute=of_the_last_class),
            torch=Raises(error="IndexError", match="is out of bounds"),
            tf=Raises(error="InvalidArgumentError", match="outside the valid range"),
        ),
        # NumPy computes the mean over all n² pairs.
        "bce_broadcast": misuse(
            numpy=Returns(compute=paired_bce),
            torch=Raises(error="ValueError", match="must be the same as input size"),
            tf=Returns(compute=squeezed_bce),
        ),
        # NumPy and Keras take integers for what they are.
        "integer_bce": misuse(
            numpy=Returns(compute=squeezed_bce),
            torch=Raises(error="RuntimeError", match="can't be cast to the desired output type"),
        ),
        "fixed": Stage(outputs=("mse", "cross_entropy", "bce")),
    },
    known={
        Shape("prediction"): (64, 1),
        Shape("target"): (64,),
        Shape("logits"): (64, 10),
        Shape("labels"): (64,),
        Shape("one_hot"): (64, 10),
        Shape("z"): (64, 1),
        Shape("truth"): (64, 1),
        Shape("fixed/mse"): (),
    },
    claims={
        "targets (B,) make a wrong squared error, which is no error": Claim(
            holds=lambda out: not _is_meant(out, "mse_broadcast", "mse"),
            broken_by="the mistake not made",
            frameworks=("numpy", "torch"),
        ),
        "targets (B,) make a wrong BCE, labels (B, 1) and -1 a wrong cross-entropy": Claim(
            holds=lambda out: (
                not (
                    _is_meant(out, "bce_broadcast", "bce")
                    or _is_meant(out, "column_labels", "cross_entropy")
                    or _is_meant(out, "negative_label", "cross_entropy")
                )
            ),
            broken_by="shapes made one",
            frameworks=("numpy",),
        ),
        "targets (B,), float labels and labels (B, 1) are taken for what was meant": Claim(
            holds=lambda out: (
                _is_meant(out, "mse_broadcast", "mse")
                and _is_meant(out, "bce_broadcast", "bce")
                and _is_meant(out, "float_labels", "cross_entropy")
                and _is_meant(out, "column_labels", "cross_entropy")
            ),
            broken_by="another loss of all pairs",
            frameworks=("tf",),
        ),
        "one-hot floats are taken for probabilities, and the loss is what was meant": Claim(
            holds=lambda out: _is_meant(out, "one_hot_floats", "cross_entropy"),
            broken_by="the sum for the mean in the fix",
            frameworks=("torch",),
        ),
    },
    shows=(
        Rows(
            ("mistake", "what comes of it"),
            {name: (Error(stage, otherwise="loss"),) for name, stage in MISTAKES.items()},
        ),
        Rows(
            ("the fix", "loss"),
            {
                "MSE, targets (B, 1)": ("fixed/mse",),
                "cross-entropy, integer labels (B,)": ("fixed/cross_entropy",),
                "BCE, float targets (B, 1)": ("fixed/bce",),
            },
        ),
    ),
    sizes={"tiny": {"n": 6, "classes": 4}, "base": {"n": 64, "classes": 10}},
    aligns=("MSE-BCAST", "CE-TARGET", "CE-OOR", "BCE-SHAPE", "BCE-DTYPE", "CE-LOGITS"),
    faults={
        "inputs in TF32": rounded_to_tf32(),
        "the mistake not made": Fault(outputs=lambda out: out | {"mse_broadcast/loss": out["fixed/mse"]}),
        "shapes made one": Fault(outputs=lambda out: out | {"bce_broadcast/loss": out["fixed/bce"]}),
        "another loss of all pairs": wrong("mse_broadcast/loss", lambda loss: loss / 2),
        "the sum for the mean in the fix": wrong("fixed/cross_entropy", lambda loss: loss * 64),
        "labels off by one": given("labels", lambda labels: np.roll(labels, 1)),
        "probabilities for logits": given("logits", lambda z: np.exp(z) / np.exp(z).sum(1, keepdims=True)),
    },
)
