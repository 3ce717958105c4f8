"""A long short-term memory over a short sequence, and its gradients through time."""

import numpy as np

from parity.faults import given, rounded_to_tf32, without, wrong
from parity.task import Approximates, Claim, Fault, Rows, Shape, Stage, Task, Where


def make(rng, n, steps, inputs, hidden):
    scale = hidden**-0.5
    params = {
        "weight_ih_l0": rng.uniform(-scale, scale, (4 * hidden, inputs)),
        "weight_hh_l0": rng.uniform(-scale, scale, (4 * hidden, hidden)),
        "bias_ih_l0": rng.uniform(-scale, scale, 4 * hidden),
        "bias_hh_l0": rng.uniform(-scale, scale, 4 * hidden),  # torch's second bias: Keras gets the sum of both
    }
    batch = {
        "x": rng.normal(size=(n, steps, inputs)),
        "cotangent.y": rng.normal(size=(n, steps, hidden)),
        "cotangent.h": rng.normal(size=(1, n, hidden)),
        "cotangent.c": rng.normal(size=(1, n, hidden)),
    }
    return params, batch


def exchange_gates(w):
    """The gates g and o exchanged: the order of another library."""
    i, f, g, o = np.split(w, 4)
    return np.concatenate([i, f, o, g])


def exchange_states(outputs):
    """The cell state in the hidden state's place: the order of another library."""
    h, c = outputs["forward/h"], outputs["forward/c"]
    return outputs | {"forward/h": c, "forward/c": h}


CUDNN = {Where(framework="torch", device="cuda"): Approximates(entry="RNN-CUDNN-TANH", units=300)}

TASK = Task(
    name="lstm",
    topic="9 CNN, RNN, attention, transfer learning",
    title="Long short-term memory",
    lesson="An LSTM returns the hidden state of every step, and the last hidden and cell state.  The last hidden state "
    "is the sequence's last step; it is the cell state through tanh and a gate, so it is nearer to zero.",
    make=make,
    stages={
        "forward": Stage(outputs=("y", "h", "c"), timed=True, expected_divergence=CUDNN),
        "backward": Stage(
            outputs=("grad.x", "grad.weight_ih_l0", "grad.weight_hh_l0", "grad.bias_ih_l0"),
            timed=True,
            expected_divergence=CUDNN,
            derivative_of={f"forward/{name}": f"cotangent.{name}" for name in "yhc"},
        ),
    },
    sizes={
        "tiny": {"n": 2, "steps": 5, "inputs": 4, "hidden": 6},
        "base": {"n": 4, "steps": 10, "inputs": 32, "hidden": 64},
        "large": {"n": 32, "steps": 50, "inputs": 128, "hidden": 256},
    },
    layout={"weight_ih_l0": "oi", "weight_hh_l0": "oi"},
    known={
        Shape("x"): (4, 10, 32),
        Shape("forward/y"): (4, 10, 64),
        Shape("forward/h"): (1, 4, 64),
        Shape("forward/c"): (1, 4, 64),
    },
    claims={
        "the last hidden state is the sequence's last step": Claim(
            holds=lambda out: np.array_equal(out["forward/y"][:, -1], out["forward/h"][0]),
            broken_by="the sequence in reverse",
        ),
        "the hidden state is nearer to zero than the cell state, everywhere": Claim(
            holds=lambda out: (abs(out["forward/h"]) < abs(out["forward/c"])).all(),
            broken_by="hidden and cell state exchanged",
        ),
    },
    shows=(
        Rows(
            ("tensor", "shape"),
            {
                "the sequence of hidden states": (Shape("forward/y"),),
                "the last hidden state": (Shape("forward/h"),),
                "the last cell state": (Shape("forward/c"),),
            },
        ),
    ),
    aligns=("LSTM-BIAS", "LSTM-OUT", "LSTM-GATES", "INIT-LSTM"),
    faults={
        "inputs in TF32": rounded_to_tf32(),
        "gates g and o exchanged": given("weight_hh_l0", exchange_gates),
        "the second bias forgotten": given("bias_hh_l0", lambda b: 0 * b),
        "forget gate's bias 1": given("bias_ih_l0", lambda b: b + np.repeat([0, 1, 0, 0], len(b) // 4)),
        "no bias gradient": without("backward/grad.bias_ih_l0"),
        "the sequence in reverse": wrong("forward/y", lambda y: y[:, ::-1]),
        "hidden and cell state exchanged": Fault(outputs=exchange_states),
    },
)
