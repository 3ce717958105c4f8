"""Two schedules, StepLR and CosineAnnealing: the rate of every epoch, and training under it with momentum."""

import math

import numpy as np

from parity.faults import configured, rounded_to_tf32, without, wrong
from parity.task import Claim, Gap, Returns, Rows, Shape, Stage, Table, Task, Where, apart

NAMES = ("hidden.weight", "hidden.bias", "out.weight", "out.bias")
OUTPUTS = ("rates", "losses", "velocity", *NAMES, *(f"momentum.{name}" for name in NAMES))
STEPS = (0.25, 0.25, 0.25, 0.125, 0.125, 0.125, 0.0625, 0.0625)
COSINE = tuple(2**-6 + (0.25 - 2**-6) * (1 + math.cos(math.pi * epoch / 8)) / 2 for epoch in range(8))


def make(rng, n, batches, epochs, inputs, hidden, classes):
    params = {
        "hidden.weight": rng.normal(0, inputs**-0.5, (hidden, inputs)),
        "hidden.bias": rng.normal(0, 0.1, hidden),
        "out.weight": rng.normal(0, hidden**-0.5, (classes, hidden)),
        "out.bias": rng.normal(0, 0.1, classes),
    }
    batch = {
        "x": rng.normal(size=(n * batches, inputs)),
        "labels": rng.integers(classes, size=n * batches),
        "order": np.stack([rng.permutation(n * batches) for _ in range(epochs)]).reshape(epochs, batches, n),
    }
    return params, batch


def in_keras(rate):
    """Training as Keras does it where it is given the schedule: the rate of every batch is inside the velocity."""

    def compute(params, batch, lr, momentum, step_size, gamma, t_max, eta_min):
        rates = {
            "step_lr": lambda epochs: lr * gamma ** (epochs // step_size),
            "cosine": lambda epochs: eta_min + (lr - eta_min) * (1 + math.cos(math.pi * min(epochs / t_max, 1))) / 2,
        }
        w, velocity = dict(params), {name: np.zeros_like(a) for name, a in params.items()}
        epochs, batches, _ = batch["order"].shape
        losses, sizes = [], []
        for step, rows in enumerate(batch["order"].reshape(epochs * batches, -1)):
            now = rates[rate](step / batches)
            loss, grads = _loss(w, batch["x"][rows], batch["labels"][rows])
            losses.append(loss)
            for name, g in grads.items():
                velocity[name] = momentum * velocity[name] - now * g
                w[name] = w[name] + velocity[name]
            sizes.append(np.sqrt(sum(np.sum(v * v) for v in velocity.values())) / now)
        return {
            "losses": np.stack(losses).reshape(epochs, batches).mean(1),
            "velocity": np.stack(sizes)[batches - 1 :: batches],
            **w,
            **{f"momentum.{name}": v / -now for name, v in velocity.items()},
        }

    return compute


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


TASK = Task(
    name="lr_schedules",
    topic="8 Optimizers, learning rate, vanishing gradients",
    title="Learning-rate schedules",
    lesson="torch advances a schedule when told, once an epoch; Keras at every batch.  Keras keeps the rate inside its "
    "velocity, so momentum remembers old rates: with the schedule handed to the optimizer it leaves torch when the "
    "rate first changes.",
    make=make,
    stages={
        # Aligned: a rate an epoch, which reaches the velocity.
        "step_lr": Stage(outputs=OUTPUTS, trajectory=True),
        "cosine": Stage(outputs=OUTPUTS, trajectory=True),
        # As the user gives the schedule to the optimizer.
        "step_lr_given": Stage(
            outputs=OUTPUTS,
            trajectory=True,
            expected_divergence={Where(framework="tf"): Returns(compute=in_keras("step_lr"))},
        ),
        "cosine_given": Stage(
            outputs=OUTPUTS,
            trajectory=True,
            expected_divergence={Where(framework="tf"): Returns(compute=in_keras("cosine"))},
        ),
    },
    sizes={
        "tiny": {"n": 12, "batches": 2, "epochs": 8, "inputs": 6, "hidden": 6, "classes": 4},
        "base": {"n": 32, "batches": 4, "epochs": 8, "inputs": 20, "hidden": 32, "classes": 10},
    },
    config={"lr": 0.25, "momentum": 0.875, "step_size": 3, "gamma": 0.5, "t_max": 8, "eta_min": 2.0**-6},
    limits={
        "lr": (2.0**-30, 1), "momentum": (2.0**-10, 1), "step_size": (1, 1000), "gamma": (0, 1), "t_max": (1, 1000),
        "eta_min": (0, 1),
    },
    layout={"hidden.weight": "oi", "out.weight": "oi"},
    known={
        Shape("order"): (8, 4, 32),
        "step_lr/rates": STEPS,
        "cosine/rates": COSINE,
        "step_lr_given/rates": STEPS,
        "cosine_given/rates": COSINE,
    },
    claims={
        "StepLR halves the rate after every third epoch": Claim(
            holds=lambda out: np.array_equal(out["step_lr/rates"][3:], out["step_lr/rates"][:-3] / 2),
            broken_by="one epoch late",
        ),
        "The cosine falls all the way and stays above its floor": Claim(
            holds=lambda out: max(np.diff(out["cosine/rates"])) < 0 and min(out["cosine/rates"]) > 2**-6,
            broken_by="the floor forgotten",
        ),
        "Given to torch's optimizer a schedule changes the rate alone": Claim(
            holds=lambda out: apart(out["step_lr_given/velocity"], out["step_lr/velocity"]) < 2**-13,
            broken_by="velocity halved with the rate",
            frameworks=("numpy", "torch"),
        ),
        "Given to Keras's the velocity grows when the rate falls, and not before": Claim(
            holds=lambda out: (
                apart(out["step_lr_given/velocity"][:3], out["step_lr/velocity"][:3]) < 2**-13
                and out["step_lr_given/velocity"][3] > 1.05 * out["step_lr/velocity"][3]
            ),
            broken_by="velocity halved with the rate",
            frameworks=("tf",),
        ),
    },
    shows=(
        Table("epoch", {"StepLR": "step_lr/rates", "Cosine": "cosine/rates"}, title="Rate"),
        Table("epoch", {"StepLR": "step_lr/losses", "Cosine": "cosine/losses"}, title="Loss, aligned"),
        Table(
            "epoch",
            {"StepLR": "step_lr_given/losses", "Cosine": "cosine_given/losses"},
            title="Loss, the schedule given to the optimizer",
        ),
        Table(
            "epoch",
            {"aligned": "step_lr/velocity", "given": "step_lr_given/velocity"},
            title="L2 norm of the velocity over the rate, with StepLR",
        ),
        Rows(
            ("schedule", "StepLR", "Cosine"),
            {
                "aligned": (Gap("step_lr/losses"), Gap("cosine/losses")),
                "given": (Gap("step_lr_given/losses"), Gap("cosine_given/losses")),
            },
            title="Largest difference of the loss to PyTorch (Keras: OPT-SGD-LRCHANGE, LR-UNIT)",
        ),
    ),
    aligns=("CE-LOGITS", "LR-UNIT", "LR-STEP", "LR-COS-MIN", "OPT-SGD-LRCHANGE", "OPT-F64-LR"),
    faults={
        "inputs in TF32": rounded_to_tf32(),
        "one epoch late": configured(step_size=4),
        "the floor forgotten": configured(eta_min=0.0),
        "velocity halved with the rate": wrong("step_lr_given/velocity", lambda v: v / 2 ** (np.arange(len(v)) // 3)),
        "momentum halved with the rate": wrong("step_lr/momentum.out.bias", lambda v: v / 2),
        "rates of zero": without("cosine/rates"),
    },
)  # fmt: skip
