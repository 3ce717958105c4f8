"""Multi-head self-attention: the output, the weights averaged over the heads, and all gradients."""

import numpy as np

from parity.faults import given, rounded_to_tf32, transposed, wrong
from parity.task import Fault, Stage, Task


def make(rng, n, steps, embed, heads):
    params = {
        "in_proj_weight": rng.normal(0, embed**-0.5, (3 * embed, embed)),  # queries, keys, values in one matrix
        # torch packs the three biases in in_proj_bias; here the keys' is apart, for its gradient is zero in theory
        **{f"{part}_bias": rng.normal(0, 0.1, embed) for part in ("query", "key", "value")},
        "out_proj.weight": rng.normal(0, embed**-0.5, (embed, embed)),
        "out_proj.bias": rng.normal(0, 0.1, embed),
    }
    batch = {
        "x": rng.normal(size=(n, steps, embed)),
        "cotangent": rng.normal(size=(n, steps, embed)),
        "cotangent.weights": rng.normal(size=(n, steps, steps)),
    }
    return params, batch


NAMES = ("in_proj_weight", "query_bias", "key_bias", "value_bias", "out_proj.weight", "out_proj.bias")

TASK = Task(
    name="attention",
    topic="9 CNN, RNN, attention, transfer learning",
    title="Multi-head self-attention",
    lesson="Each head compares its own slice of queries and keys.  A bias on the keys changes nothing, softmax takes "
    "it away: its gradient is rounding alone.",
    make=make,
    stages={
        "forward": Stage(outputs=("y", "weights"), timed=True),
        "backward": Stage(
            outputs=("grad.x", *(f"grad.{name}" for name in NAMES)),
            timed=True,
            derivative_of={"forward/y": "cotangent", "forward/weights": "cotangent.weights"},
        ),
        "shapes": Stage(outputs=("y", "weights")),
    },
    sizes={
        "tiny": {"n": 2, "steps": 5, "embed": 16, "heads": 4},
        "base": {"n": 4, "steps": 10, "embed": 32, "heads": 4},
        "large": {"n": 16, "steps": 128, "embed": 512, "heads": 4},
    },
    config={"heads": 4},
    layout={"in_proj_weight": "oi", "out_proj.weight": "oi"},
    known={"shapes/y": (4, 10, 32), "shapes/weights": (4, 10, 10)},
    # It adds the same to all scores of a query, which softmax takes away: what is left is rounding, of the
    # size of the queries'.
    noise_from={"backward/grad.key_bias": "backward/grad.query_bias"},
    aligns=("MHA-PACK", "MHA-ORDER", "MHA-RET", "MHA-BF", "INIT-MHA"),
    faults={
        "inputs in TF32": rounded_to_tf32(),
        "square weight transposed": transposed("out_proj.weight", (1, 0)),
        "keys and values exchanged": given(
            "in_proj_weight", lambda w: np.concatenate([np.split(w, 3)[part] for part in (0, 2, 1)])
        ),
        "the queries' gradient at the keys' place": Fault(
            outputs=lambda outputs: outputs | {"backward/grad.key_bias": outputs["backward/grad.query_bias"]}
        ),
        "summed over the heads": wrong("forward/weights", lambda weights: weights * 4),
    },
)
