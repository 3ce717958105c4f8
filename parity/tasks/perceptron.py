"""The perceptron rule on AND, which it learns, and on XOR, which it provably never does."""

import numpy as np

from parity.faults import given, wrong
from parity.task import Claim, Rows, Shape, Stage, Table, Task


def make(rng, shuffled):
    points = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    order = rng.permutation(4) if shuffled else np.arange(4)  # of presentation; in the exercise 00, 01, 10, 11
    x = points[order]
    params = {"w": np.zeros(2), "b": np.zeros(())}  # every later value is a small integer: exact in any precision
    return params, {"x": x, "and": x.min(1), "xor": x.sum(1) % 2}


def _state(out, epoch):
    return [*out["learn_xor/w"][epoch], out["learn_xor/b"][epoch]]


LEARNED = ("w", "b", "errors")
XOR = (*LEARNED, "predicted", "mse", "repeats")  # the MSE of two wrong points is 0.5, whichever they are

TASK = Task(
    name="perceptron",
    topic="1 Introduction and perceptron",
    title="The perceptron rule",
    lesson="w ← w + (y - ŷ) x separates AND in a few epochs; no line separates XOR: after some epochs w and b come "
    "back to a state that they were in before, and so go round for ever.",
    make=make,
    stages={
        "epoch": Stage(outputs=LEARNED, timed=True, exact=frozenset(LEARNED), examples=lambda size: 4),
        "learn_and": Stage(outputs=LEARNED, exact=frozenset(LEARNED)),  # w, b and the error count of every epoch
        "learn_xor": Stage(outputs=XOR, exact=frozenset(XOR)),
    },
    known={Shape("x"): (4, 2), "learn_and/errors": (1, 3, 3, 2, 1, 0)},
    claims={
        "AND ends with no error": Claim(
            holds=lambda out: out["learn_and/errors"][-1] == 0, broken_by="an error too many"
        ),
        "XOR's best epoch still has an error": Claim(
            holds=lambda out: min(out["learn_xor/errors"]) > 0, broken_by="no error counted"
        ),
        "XOR comes back to a state that it was in before, so it never converges": Claim(
            holds=lambda out: (
                out["learn_xor/repeats"] < len(out["learn_xor/errors"])
                and _state(out, out["learn_xor/repeats"] - 1) == _state(out, -1)
            ),
            broken_by="the repeated state missed by one epoch",
        ),
    },
    shows=(
        Table("epoch", {"w": "learn_and/w", "b": "learn_and/b", "errors": "learn_and/errors"}, title="AND"),
        Table(
            "epoch",
            {"w": "learn_xor/w", "b": "learn_xor/b", "errors": "learn_xor/errors", "MSE": "learn_xor/mse"},
            title="XOR",
        ),
        Rows(("XOR", "epoch"), {"w and b of the last epoch are those of": ("learn_xor/repeats",)}),
    ),
    sizes={"tiny": {"shuffled": 1}, "base": {"shuffled": 0}, "large": {"shuffled": 0}},
    faults={
        "a wrong label": given("and", lambda labels: 1 - labels),
        "twice the inputs, and their columns exchanged": given("x", lambda x: x[:, ::-1] * 2),
        "an error too many": wrong("learn_and/errors", lambda errors: errors + 1),
        "no error counted": wrong("learn_xor/errors", lambda errors: 0 * errors),
        "an error not counted": wrong("learn_xor/errors", lambda errors: errors - 1),
        "the repeated state missed by one epoch": wrong("learn_xor/repeats", lambda epoch: epoch + 1),
    },
)
