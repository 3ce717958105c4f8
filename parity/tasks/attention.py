"""Multi-head self-attention: the output, the weights averaged over the heads, and all gradients."""

import numpy as np

from parity.faults import configured, given, rounded_to_tf32, transposed, wrong
from parity.task import Claim, Fault, Rows, Shape, Stage, Task, apart


def make(rng, n, steps, embed):
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
    lesson="Each output is a mean of the sequence's values, weighted by how well its query fits their keys: the "
    "weights of a query sum to one, also averaged over the heads.  A bias on the keys changes nothing, softmax takes "
    "it away: its gradient is rounding alone.",
    make=make,
    stages={
        "forward": Stage(outputs=("y", "weights"), timed=True),
        "backward": Stage(
            outputs=("grad.x", *(f"grad.{name}" for name in NAMES)),
            timed=True,
            derivative_of={"forward/y": "cotangent", "forward/weights": "cotangent.weights"},
        ),
    },
    sizes={
        "tiny": {"n": 2, "steps": 5, "embed": 64},  # heads are not as wide as they are many, and of an exact root
        "base": {"n": 4, "steps": 10, "embed": 32},
        "large": {"n": 16, "steps": 128, "embed": 512},
    },
    config={"heads": 4},
    limits={"heads": (1, 16)},
    layout={"in_proj_weight": "oi", "out_proj.weight": "oi"},
    known={
        Shape("x"): (4, 10, 32),
        Shape("forward/y"): (4, 10, 32),
        Shape("forward/weights"): (4, 10, 10),
    },
    claims={
        "each row of weights sums to one": Claim(
            holds=lambda out: apart(out["forward/weights"].sum(-1), 1) < 2**-20,
            broken_by="summed over the heads",
        ),
        "no weight is negative": Claim(
            holds=lambda out: out["forward/weights"].min() >= 0, broken_by="scores for weights"
        ),
        "the keys' bias has no gradient but rounding, the queries' has one": Claim(
            holds=lambda out: (
                abs(out["backward/grad.key_bias"]).max() < 2**-16 * abs(out["backward/grad.query_bias"]).max()
            ),
            broken_by="the queries' gradient at the keys' place",
        ),
    },
    shows=(
        Rows(
            ("tensor", "shape"),
            {
                "output": (Shape("forward/y"),),
                "weights, averaged over the heads": (Shape("forward/weights"),),
            },
        ),
    ),
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
        "scores for weights": wrong("forward/weights", lambda weights: np.log(weights)),
        "one head": configured(heads=1),
    },
)
