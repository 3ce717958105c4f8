"""Cross-entropy on logits is the negative log-likelihood on log-softmax: values and gradients."""

import numpy as np

from parity.faults import given, rounded_to_tf32, without, wrong
from parity.task import Claim, Gap, Returns, Rows, Shape, Stage, Task, Where, apart


def make(rng, n, classes):
    batch = {
        "logits": rng.normal(0, 2, (n, classes)),
        "labels": rng.integers(classes, size=n),
        "extreme_logits": 1000.0 * np.array([[1, -1, 0], [1, -1, 0], [-1, 1, 1]]),
        "extreme_labels": np.array([0, 2, 2]),  # right, wrong, and one of two that are equal
    }
    return {}, batch


def cross_entropy(params, batch):
    """What the other stage must equal: the loss and its gradient, written down once more."""
    logits, labels = batch["logits"], batch["labels"]
    rows = np.arange(len(logits))
    softmax = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    gradient = softmax.copy()
    gradient[rows, labels] -= 1
    return {"loss": -np.mean(np.log(softmax[rows, labels])), "grad.logits": gradient / len(logits)}


OUTPUTS = ("loss", "grad.logits")
EQUAL = {Where(framework=name): Returns(compute=cross_entropy) for name in ("numpy", "torch", "tf")}

TASK = Task(
    name="cross_entropy_nll",
    topic="11 Shapes, loss interfaces and device",
    title="Cross-entropy and negative log-likelihood",
    lesson="The cross-entropy of logits is the negative log-likelihood of their log-softmax, in value and gradient: "
    "who takes which is all the difference.",
    make=make,
    stages={
        "cross_entropy": Stage(outputs=OUTPUTS, timed=True, derivative_of={"cross_entropy/loss": ""}),
        "nll": Stage(outputs=OUTPUTS, timed=True, derivative_of={"nll/loss": ""}, expected_divergence=EQUAL),
        "extremes": Stage(outputs=("cross_entropy", "nll", "grad.extreme_logits"), derivative_of={"extremes/nll": ""}),
    },
    sizes={"tiny": {"n": 6, "classes": 5}, "base": {"n": 64, "classes": 10}, "large": {"n": 16_384, "classes": 256}},
    known={Shape("logits"): (64, 10), Shape("cross_entropy/grad.logits"): (64, 10)},
    claims={
        "both losses are one": Claim(
            holds=lambda out: apart(out["nll/loss"], out["cross_entropy/loss"]) < 2**-20,
            broken_by="sum for mean",
        ),
        "both gradients are one": Claim(
            holds=lambda out: apart(out["nll/grad.logits"], out["cross_entropy/grad.logits"]) < 2**-20,
            broken_by="no gradient",
        ),
        "each row of the gradient sums to zero": Claim(
            holds=lambda out: abs(out["cross_entropy/grad.logits"].sum(1)).max() <= 2**-26,
            broken_by="the label's one not taken away",
        ),
    },
    shows=(
        Rows(
            ("", "loss", "Δ gradient to torch"),
            {
                "CrossEntropyLoss": ("cross_entropy/loss", Gap("cross_entropy/grad.logits")),
                "NLLLoss(log_softmax)": ("nll/loss", Gap("nll/grad.logits")),
            },
        ),
    ),
    aligns=("CE-LOGITS",),
    faults={
        "inputs in TF32": rounded_to_tf32(),
        "labels off by one": given("labels", lambda labels: np.roll(labels, 1)),
        "sum for mean": wrong("nll/loss", lambda loss: loss * 6),
        "no gradient": without("nll/grad.logits"),
        "a log-softmax that overflows": wrong("extremes/nll", lambda loss: loss * np.inf),
        "the label's one not taken away": wrong("cross_entropy/grad.logits", abs),
        "softmax taken twice": given("logits", lambda z: np.exp(z) / np.exp(z).sum(1, keepdims=True)),
    },
)
