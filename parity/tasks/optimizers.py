"""SGD with momentum and Adam: the same model, data and order of batches for twenty epochs."""

import numpy as np

from parity.faults import configured, given, rounded_to_tf32, without, wrong
from parity.task import Claim, Gap, Returns, Rows, Shape, Stage, Table, Task, Where

NAMES = ("hidden.weight", "hidden.bias", "out.weight", "out.bias")
GRADIENTS = tuple(f"grad.{name}" for name in NAMES)
SGD = (*NAMES, *(f"momentum.{name}" for name in NAMES))
ADAM = (*NAMES, *(f"{moment}.{name}" for name in NAMES for moment in ("exp_avg", "exp_avg_sq")))
FLOAT32_BETAS = [float(np.float32(beta)) for beta in (0.9, 0.999)]
FLOAT32_MOMENTUM = float(np.float32(0.9))


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


def keras_sgd(w, g, state, t):
    """Keras's momentum goes through float32 (OPT-F64-MOM)."""
    state[0] = FLOAT32_MOMENTUM * state[0] - g * 0.1
    return w + state[0]


def keras_adam(w, g, state, t):
    """Keras corrects the bias by float32's betas (OPT-ADAM-F32BETA), and adds ε before it does (OPT-ADAM-EPSHAT)."""
    state[0] = state[0] + (g - state[0]) * (1 - 0.9)
    state[1] = state[1] + (g * g - state[1]) * (1 - 0.999)
    power1, power2 = (beta ** np.asarray(t, w.dtype) for beta in FLOAT32_BETAS)
    return w - 0.1 * np.sqrt(1 - power2) / (1 - power1) * state[0] / (np.sqrt(state[1]) + 1e-8)


def in_keras(params, batch):
    """The training with the textbook's constants, under Keras's two rules."""
    found = {}
    for name, rule in (("sgd", keras_sgd), ("adam", keras_adam)):
        w = dict(params)
        states = {key: [np.zeros_like(a), np.zeros_like(a)] for key, a in w.items()}
        losses, t = [], 0
        for order in batch["order"]:
            of_batches = []
            for rows in order:
                t += 1
                loss, grads = _loss(w, batch["x"][rows], batch["labels"][rows])
                of_batches.append(loss)
                w = {key: rule(a, grads[key], states[key], t) for key, a in w.items()}
            losses.append(np.mean(of_batches))
        found[f"{name}_losses"] = np.stack(losses)
        found[f"{name}_norm"] = np.sqrt(sum(np.sum(a * a) for a in w.values()))
    return found


def _loss(w, x, labels):
    a = np.tanh(x @ w["hidden.weight"].T + w["hidden.bias"])
    logits = a @ w["out.weight"].T + w["out.bias"]
    e = np.exp(logits - logits.max(1, keepdims=True))
    p = e / e.sum(1, keepdims=True)
    rows = np.arange(len(x))
    loss = -np.mean(np.log(p[rows, labels]))
    p[rows, labels] -= 1
    dlogits = p / len(x)
    dz = dlogits @ w["out.weight"] * (1 - a * a)
    return loss, dict(zip(NAMES, (dz.T @ x, dz.sum(0), dlogits.T @ a, dlogits.sum(0)), strict=True))


BOTH = ("sgd", "adam")
TEXTBOOK = ("sgd_losses", "adam_losses", "sgd_norm", "adam_norm")

TASK = Task(
    name="optimizers",
    topic="8 Optimizers, learning rate, vanishing gradients",
    title="SGD with momentum, and Adam",
    lesson="SGD's step grows with the gradient.  Adam divides by the gradient's own size, so every weight first moves "
    "by about the learning rate, whatever its gradient.  With the textbook's constants (0.1; momentum 0.9; betas 0.9 "
    "and 0.999; eps 1e-8) Keras leaves torch: it takes momentum and betas through float32 (OPT-F64-MOM, "
    "OPT-ADAM-F32BETA) and adds eps before the bias correction (OPT-ADAM-EPSHAT); left at its default its eps is 1e-7 "
    "(OPT-ADAM-EPS).",
    make=make,
    stages={
        "sgd_step": Stage(outputs=("loss", *GRADIENTS, *SGD), timed=True, derivative_of={"sgd_step/loss": ""}),
        "adam_step": Stage(outputs=("loss", *GRADIENTS, *ADAM), timed=True, derivative_of={"adam_step/loss": ""}),
        # How many weights there are, and how many of them one step moves by the learning rate within 1 %.
        "first_update": Stage(outputs=("weights", "sgd_by_rate", "adam_by_rate")),
        "sgd": Stage(outputs=("losses", "norm", *SGD), trajectory=True),
        "adam": Stage(outputs=("losses", "norm", *ADAM), trajectory=True),
        "textbook": Stage(
            outputs=TEXTBOOK,
            trajectory=True,
            expected_divergence={Where(framework="tf"): Returns(compute=in_keras)},
        ),
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
    limits={
        "lr": (2.0**-30, 1), "momentum": (2.0**-10, 1), "adam_lr": (2.0**-30, 1),
        "beta1": (0, 0.9999), "beta2": (0, 0.9999), "eps": (0, 1),
    },
    timing={"lr": 2.0**-30, "adam_lr": 2.0**-30},
    layout={"hidden.weight": "oi", "out.weight": "oi"},
    known={Shape("sgd/losses"): (20,), Shape("adam/losses"): (20,), Shape("order"): (20, 4, 32)},
    claims={
        "Adam's first update moves every weight by the learning rate, within 1 %": Claim(
            holds=lambda out: out["first_update/adam_by_rate"] == out["first_update/weights"],
            broken_by="an epsilon as large as the gradients",
        ),
        "SGD's moves hardly any weight by that": Claim(
            holds=lambda out: out["first_update/sgd_by_rate"] < 0.1 * out["first_update/weights"],
            broken_by="SGD counted as Adam",
        ),
        "Both losses fall below 0.9 of the first epoch's": Claim(
            holds=lambda out: all(out[f"{name}/losses"][-1] < 0.9 * out[f"{name}/losses"][0] for name in BOTH),
            broken_by="rates that train nothing",
        ),
    },
    shows=(
        Table("epoch", {"SGD": "sgd/losses", "Adam": "adam/losses"}, title="Loss"),
        Rows(
            ("", "SGD", "Adam"),
            {
                "L2 norm of the final weights": ("sgd/norm", "adam/norm"),
                "weights moved by the rate at first": ("first_update/sgd_by_rate", "first_update/adam_by_rate"),
                "of all weights": ("first_update/weights", "first_update/weights"),
            },
        ),
        Table(
            "epoch",
            {"SGD": "textbook/sgd_losses", "Adam": "textbook/adam_losses"},
            title="Loss with the textbook's 0.1, 0.9, 0.999, 1e-8",
        ),
        Rows(
            ("constants", "SGD", "Adam"),
            {
                "exact: loss": (Gap("sgd/losses"), Gap("adam/losses")),
                "textbook's: loss": (Gap("textbook/sgd_losses"), Gap("textbook/adam_losses")),
                "textbook's: norm": (Gap("textbook/sgd_norm"), Gap("textbook/adam_norm")),
            },
            title="Largest difference to PyTorch (Keras's Adam: OPT-ADAM-EPSHAT, OPT-ADAM-F32BETA)",
        ),
    ),
    aligns=(
        "CE-LOGITS",
        "OPT-SGD-LRCHANGE",
        "OPT-ADAM-EPS",
        "OPT-ADAM-EPSHAT",
        "OPT-ADAM-F32BETA",
        "OPT-F64-LR",
        "OPT-F64-MOM",
        "FIT-SHUFFLE",
        "FIT-LOSS",
    ),
    faults={
        "inputs in TF32": rounded_to_tf32(),
        "textbook's momentum": configured(momentum=0.9),
        "another momentum": configured(momentum=0.5),
        "textbook's second beta": configured(beta2=0.999),
        "another order of the batches": given("order", lambda order: order[:, ::-1]),
        "no bias gradient": without("sgd_step/grad.hidden.bias"),
        "first moment decayed once more": wrong("adam/exp_avg.out.bias", lambda m: m * 0.875),
        "an epsilon as large as the gradients": configured(eps=2.0**-6),
        "SGD counted as Adam": wrong("first_update/sgd_by_rate", lambda moved: moved + 2**20),
        "rates that train nothing": configured(lr=2.0**-20, adam_lr=2.0**-20),
        "textbook's Adam 0.1 % off": wrong("textbook/adam_losses", lambda losses: losses * 1.001),
    },
)  # fmt: skip
