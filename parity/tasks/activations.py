"""Sigmoid, ReLU and a stable softmax, and what they do at the extremes."""

import numpy as np

from parity.faults import rounded_to_tf32, without, wrong
from parity.task import FRAMEWORKS, Claim, Gap, Matrix, Returns, Rows, Shape, Stage, Table, Task, Where


def make(rng, n, c):
    saturated = rng.normal(size=(2, c))
    saturated[[0, 1], [0, c - 1]] += 40  # the others' share is below rounding, in float64 too
    batch = {
        "x": rng.normal(size=(n, c)),  # no row is saturated
        "saturated": saturated,
        "saturated_cotangent": rng.normal(size=(2, c)),
        "zero": np.array([0.0, -0.0]),
        "zero_cotangent": rng.normal(size=2),
        "cotangent": rng.normal(size=(n, c)),
        "extreme": np.array([-np.inf, -1000.0, 1000.0, np.inf]),
        # Below what float32 holds is as good as zero (ACT-DENORM); a row with +inf has no softmax (ACT-SOFTMAX-INF).
        "extreme_row": np.array([[1000.0, -1000.0, 999.0, -np.inf], [-1000.0, -1001.0, -np.inf, -999.0]]),
        "extreme_cotangent": rng.normal(size=4),
        "extreme_row_cotangent": rng.normal(size=(2, 4)),
    }
    return {}, batch


def overflowed(params, batch):
    """exp(1000) / Σ is inf / inf, and 0 / 0 where every exp underflows: in longdouble, float64's truth, neither is."""
    return {"is_nan": np.array([[True, False, True, False], [True, True, True, True]])}


def activation(name):
    return Stage(outputs=("a", "grad.x"), timed=True, derivative_of={f"{name}/a": "cotangent"})


TASK = Task(
    name="activations",
    topic="2 MLP and activations",
    title="Activations",
    lesson="exp(1000) overflows: softmax subtracts the row's maximum first, which changes no value, and sigmoid takes "
    "exp(-|x|).  Each row of softmax sums to one.  Far out the sigmoid passes no gradient back.",
    make=make,
    stages={
        "sigmoid": activation("sigmoid"),
        "relu": activation("relu"),
        "softmax": activation("softmax"),
        "saturated": Stage(
            outputs=("a", "grad.saturated"), derivative_of={"saturated/a": "saturated_cotangent"}
        ),  # by softmax
        "at_zero": Stage(outputs=("relu", "slope"), exact=frozenset({"relu", "slope"})),
        "extremes": Stage(outputs=("sigmoid", "relu", "softmax")),
        "extreme_gradients": Stage(outputs=("sigmoid", "relu", "softmax"), exact=frozenset({"sigmoid"})),
        "unstable": Stage(
            outputs=("is_nan",),
            expected_divergence={Where(framework=f): Returns(compute=overflowed) for f in FRAMEWORKS},
        ),
    },
    known={
        Shape("x"): (4, 5),
        Shape("sigmoid/a"): (4, 5),
        Shape("relu/a"): (4, 5),
        Shape("softmax/a"): (4, 5),
        "extremes/sigmoid": (0.0, 0.0, 1.0, 1.0),
        "extremes/relu": (0.0, 0.0, 1000.0, np.inf),
        "extreme_gradients/sigmoid": (0.0, 0.0, 0.0, 0.0),
    },
    claims={
        "each row of softmax sums to one": Claim(
            holds=lambda out: abs(out["softmax/a"].sum(1) - 1).max() < 2**-20,
            broken_by="softmax normalised along the batch too",
        ),
        "exp(x) / sum exp(x) overflows at 1000, and softmax without the maximum does not": Claim(
            holds=lambda out: (
                out["unstable/is_nan"][0].any() and abs(out["extremes/softmax"].sum(1) - 1).max() < 2**-20
            ),
            broken_by="softmax that overflows",
        ),
        "at ±1000 and ±inf the sigmoid is 0 or 1, and its gradient 0": Claim(
            holds=lambda out: set(out["extremes/sigmoid"]) == {0, 1} and not out["extreme_gradients/sigmoid"].any(),
            broken_by="a gradient far out",
        ),
    },
    shows=(
        Matrix("sigmoid/a", "sigmoid"),
        Matrix("relu/a", "relu"),
        Matrix("softmax/a", "softmax"),
        Rows(
            ("activation", "gap"),
            {name: (Gap(f"{name}/a"),) for name in ("sigmoid", "relu", "softmax")},
            title="largest absolute difference to torch",
        ),
        Table(
            "x",
            {
                "sigmoid": "extremes/sigmoid",
                "its gradient": "extreme_gradients/sigmoid",
                "relu": "extremes/relu",
            },
            labels=("-inf", "-1000", "1000", "inf"),
        ),
        Matrix("extremes/softmax", "softmax of 1000, -1000, 999, -inf and of -1000, -1001, -inf, -999"),
        Matrix("unstable/is_nan", "NaN, if the maximum is not subtracted"),
    ),
    sizes={"tiny": {"n": 4, "c": 5}, "base": {"n": 4, "c": 5}, "large": {"n": 1024, "c": 1024}},
    # Of a saturated row it is a difference of equals, as large as the rounding of its terms; those are softmax's.
    noise_from={"saturated/grad.saturated": "softmax/grad.x"},
    aligns=("ACT-SOFTMAX-DIM", "ACT-SOFTMAX-INF", "ACT-DENORM"),
    faults={
        "inputs in TF32": rounded_to_tf32(),
        "softmax normalised along the batch too": wrong("softmax/a", lambda a: a / a.sum(0)),
        "twice softmax's gradient": wrong("softmax/grad.x", lambda dx: dx * 2),
        "softmax that overflows": wrong("extremes/softmax", lambda a: np.where(a == a.max(), np.nan, a)),
        "no gradient": without("sigmoid/grad.x"),
        "a saturated row's gradient without the sum": wrong("saturated/grad.saturated", lambda dx: dx + 2**-10),
        "a slope of one half at zero": wrong("at_zero/slope", lambda slope: slope + 0.5),
        "a gradient far out": wrong("extreme_gradients/sigmoid", lambda dx: dx + 1),
    },
)
