"""Validating with dropout left on, against evaluation mode."""

import numpy as np

from parity.faults import configured, given, rounded_to_tf32, wrong
from parity.task import Claim, Rows, Shape, Stage, Table, Task

CALLS = 5


def make(rng, n, hidden, p):
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    order = rng.permutation(len(images))
    x, labels = images[order] / 16, labels[order]
    params = {
        "hidden.weight": rng.normal(0, 64**-0.5, (hidden, 64)),
        "hidden.bias": rng.normal(0, 0.5, hidden),
    }
    # A model that has learned: random features, and a head fitted to the images that are not validated on.
    features = np.tanh(x[n:] @ params["hidden.weight"].T + params["hidden.bias"])
    gram = features.T @ features + np.eye(hidden)
    params["out.weight"] = 4 * np.linalg.solve(gram, features.T @ np.eye(10)[labels[n:]]).T
    batch = {"x": x[:n], "labels": labels[:n], "masks": rng.random((CALLS, n, hidden)) >= p}
    return params, batch


METRICS = ("loss", "correct", "accuracy")  # of every call

TASK = Task(
    name="drill_eval_mode",
    topic="12 Debugging drills",
    title="Dropout left on",
    lesson="A torch module is in training mode until eval() is called.  Symptom: a validation metric that is worse "
    "than it should be, and another one at each call.  Cure: eval() and no_grad, and all calls give the same.",
    make=make,
    stages={
        "broken": Stage(outputs=METRICS, timed=True),
        "fixed": Stage(outputs=METRICS, timed=True),
        # The layer's own masks, in a model as it comes and in evaluation: whether the calls give several losses.
        "native": Stage(outputs=("train_varies", "eval_varies")),
    },
    sizes={"tiny": {"n": 24, "hidden": 20}, "base": {"n": 360, "hidden": 256}, "large": {"n": 360, "hidden": 4096}},
    config={"p": 0.5},
    limits={"p": (0.0625, 0.9375)},
    known={
        Shape("broken/loss"): (CALLS,),
        Shape("fixed/loss"): (CALLS,),
        "native/train_varies": True,
        "native/eval_varies": False,
    },
    claims={
        "with dropout left on each call gives another loss": Claim(
            holds=lambda out: len(set(out["broken/loss"].tolist())) == CALLS, broken_by="the same mask each time"
        ),
        "with dropout left on every call is worse than it should be, in loss and accuracy": Claim(
            holds=lambda out: (
                (out["broken/loss"] > out["fixed/loss"]).all()
                and (out["broken/accuracy"] < out["fixed/accuracy"]).all()
            ),
            broken_by="nothing dropped",
        ),
        "after eval() all calls give the same": Claim(
            holds=lambda out: np.ptp(out["fixed/loss"]) == 0 and np.ptp(out["fixed/accuracy"]) == 0,
            broken_by="another loss in the last call",
        ),
        "a torch module is in training mode until eval() is called": Claim(
            holds=lambda out: out["native/train_varies"] and not out["native/eval_varies"],
            broken_by="a dropout that never drops",
            frameworks=("torch",),
        ),
    },
    shows=(
        Table("call", {"loss broken": "broken/loss", "loss fixed": "fixed/loss"}),
        Table("call", {"accuracy broken": "broken/accuracy", "accuracy fixed": "fixed/accuracy"}),
        Rows(
            ("", "broken", "fixed"),
            {"the loss changes from call to call": ("native/train_varies", "native/eval_varies")},
            title="With the layer's own masks",
        ),
    ),
    layout={"hidden.weight": "oi", "out.weight": "oi"},
    aligns=("CE-LOGITS", "DROP-MODE", "DROP-SCALE"),
    faults={
        "inputs in TF32": rounded_to_tf32(),
        "another rate": configured(p=0.25),
        "other masks": given("masks", np.logical_not),
        "the same mask each time": given("masks", lambda masks: np.repeat(masks[:1], len(masks), axis=0)),
        "nothing dropped": given("masks", np.ones_like),
        "a dropout that never drops": configured(p=0.0),
        "one more right": wrong("fixed/correct", lambda correct: correct + 1),
        "another loss in the last call": wrong("fixed/loss", lambda loss: np.append(loss[:-1], 2 * loss[-1])),
    },
)
