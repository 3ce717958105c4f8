"""One classifier trained by an explicit loop and by model.fit: the same losses, the same weights."""

import numpy as np

from parity.faults import configured, given, rounded_to_tf32, wrong
from parity.task import Arrays, Claim, Final, Gap, Returns, Rows, Shape, Stage, Table, Task, Where

NAMES = tuple(f"{layer}.{part}" for layer in (0, 2, 4) for part in ("weight", "bias"))
EPOCHS = 3


def make(rng, n, batches, inputs, hidden, classes):
    params = {}
    for layer, (i, o) in zip((0, 2, 4), ((inputs, hidden), (hidden, hidden), (hidden, classes)), strict=True):
        params[f"{layer}.weight"] = rng.normal(0, i**-0.5, (o, i))
        params[f"{layer}.bias"] = rng.normal(0, 0.1, o)
    x = rng.normal(size=(n * batches, inputs))
    return params, {"x": x, "labels": rng.integers(classes, size=len(x)), "rows": np.arange(len(x)).reshape(batches, n)}


def keras_textbook(params, batch):
    """The losses that Keras's defaults give: its Adam has eps 1e-7, and that inside the correction (OPT-ADAM-EPSHAT).

    Its powers of the betas are of betas rounded to float32 (OPT-ADAM-F32BETA).
    """
    w = {name: a.copy() for name, a in params.items() if name in NAMES}
    m, v = ({name: np.zeros_like(a) for name, a in w.items()} for _ in range(2))
    beta1, beta2 = np.float64(np.float32(0.9)), np.float64(np.float32(0.999))
    t, losses = 0, []
    for _ in range(EPOCHS):
        loss = 0
        for rows in batch["rows"]:
            t += 1
            value, grads = _gradients(w, batch["x"][rows], batch["labels"][rows])
            loss += value / len(batch["rows"])
            alpha = 0.001 * np.sqrt(1 - beta2**t) / (1 - beta1**t)
            for name, g in grads.items():
                m[name] += (g - m[name]) * (1 - 0.9)
                v[name] += (g * g - v[name]) * (1 - 0.999)
                w[name] -= alpha * m[name] / (np.sqrt(v[name]) + 1e-7)
        losses.append(loss)
    return {"losses": np.stack(losses)}


def _moved_by_epsilon(out):
    """How far epsilon moves the textbook's last loss."""
    return abs(out["textbook/losses"][-1] - out["no_epsilon/losses"][-1])


def _gradients(w, x, labels):
    a0 = np.tanh(x @ w["0.weight"].T + w["0.bias"])
    a2 = np.tanh(a0 @ w["2.weight"].T + w["2.bias"])
    z = a2 @ w["4.weight"].T + w["4.bias"]
    softmax = np.exp(z) / np.exp(z).sum(1, keepdims=True)
    rows = np.arange(len(x))
    loss = -np.mean(np.log(softmax[rows, labels]))
    softmax[rows, labels] -= 1
    dz4 = softmax / len(x)
    dz2 = dz4 @ w["4.weight"] * (1 - a2 * a2)
    dz0 = dz2 @ w["2.weight"] * (1 - a0 * a0)
    grads: Arrays = {}
    for layer, dz, a in ((0, dz0, x), (2, dz2, a0), (4, dz4, a2)):
        grads |= {f"{layer}.weight": dz.T @ a, f"{layer}.bias": dz.sum(0)}
    return loss, grads


TASK = Task(
    name="classifier_fit",
    topic="10 Metrics and frameworks",
    title="A loop, and model.fit",
    lesson="fit is the loop that you would write, if it is told the same: no shuffling, the same optimizer, logits.  "
    "With the defaults of both, Adam's epsilon alone makes two trainings: Keras's moves the loss, torch's does not.",
    make=make,
    stages={
        "fit": Stage(outputs=("losses", *NAMES), trajectory=True),  # the loss of every epoch
        "textbook": Stage(  # every default as it is; torch's and NumPy's agree, Keras's is declared
            outputs=("losses",),
            trajectory=True,
            expected_divergence={Where(framework="tf"): Returns(compute=keras_textbook)},
        ),
        # The same but for an epsilon below rounding: what the textbook's losses differ by is epsilon's doing.
        "no_epsilon": Stage(outputs=("losses",), trajectory=True),
    },
    sizes={
        "tiny": {"n": 8, "batches": 3, "inputs": 6, "hidden": 8, "classes": 4},
        "base": {"n": 32, "batches": 8, "inputs": 20, "hidden": 64, "classes": 10},
    },
    config={"lr": 2.0**-6, "beta1": 0.875, "beta2": 1 - 2.0**-10, "eps": 2.0**-100},
    limits={"lr": (2.0**-30, 1), "beta1": (0, 1 - 2.0**-20), "beta2": (0, 1 - 2.0**-20), "eps": (0, 1)},
    known={Shape("fit/losses"): (EPOCHS,), Shape("textbook/losses"): (EPOCHS,), Shape("no_epsilon/losses"): (EPOCHS,)},
    claims={
        "the loss falls in every epoch": Claim(
            holds=lambda out: all((np.diff(out[f"{stage}/losses"]) < 0).all() for stage in ("fit", "textbook")),
            broken_by="the losses of the epochs in reverse",
        ),
        "torch's epsilon moves the textbook's last loss by less than a millionth": Claim(
            holds=lambda out: _moved_by_epsilon(out) < 1e-6,
            broken_by="the textbook's losses 1 % too low",
            frameworks=("numpy", "torch"),
        ),
        "Keras's epsilon moves the textbook's last loss by 1e-5 to 1e-3": Claim(
            holds=lambda out: 1e-5 < _moved_by_epsilon(out) < 1e-3,
            broken_by="the textbook's losses 1 % too low",
            frameworks=("tf",),
        ),
    },
    shows=(
        Table(
            "epoch",
            {"fit": "fit/losses", "textbook": "textbook/losses", "no epsilon": "no_epsilon/losses"},
            title="Loss; no epsilon is the textbook with an epsilon below rounding",
        ),
        Rows(
            ("training", "last", "Δ to torch"),
            {
                "fit": (Final("fit/losses"), Gap("fit/losses")),
                "textbook": (Final("textbook/losses"), Gap("textbook/losses")),
                "no epsilon": (Final("no_epsilon/losses"), Gap("no_epsilon/losses")),
            },
        ),
    ),
    layout={f"{layer}.weight": "oi" for layer in (0, 2, 4)},
    aligns=("FIT-LOSS", "FIT-LOGS", "FIT-SHUFFLE", "CE-LOGITS", "OPT-ADAM-EPS", "OPT-ADAM-EPSHAT", "OPT-ADAM-F32BETA"),
    faults={
        "inputs in TF32": rounded_to_tf32(),
        "another rate": configured(lr=0.01),
        "shuffled": given("rows", lambda rows: rows[::-1]),
        "losses 1 % too low": wrong("fit/losses", lambda losses: losses * 0.99),
        "the textbook's losses 1 % too low": wrong("textbook/losses", lambda losses: losses * 0.99),
        "the losses of the epochs in reverse": wrong("fit/losses", lambda losses: losses[::-1]),
    },
)
