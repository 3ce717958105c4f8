"""Xavier-uniform against Kaiming-uniform on one MLP: from given draws, and each framework's own initialisers."""

import numpy as np

from parity.faults import given, rounded_to_tf32, wrong
from parity.task import Claim, Fault, Returns, Shape, Stage, Stochastic, Table, Task, Where

LAYERS = ("0", "2", "4")  # the places of the linear layers in nn.Sequential


def make(rng, n, inputs, hidden, classes):
    shapes = ((hidden, inputs), (hidden, hidden), (classes, hidden))
    params = {f"{layer}.draws": rng.random(shape) for layer, shape in zip(LAYERS, shapes, strict=True)}
    return params, {"x": rng.normal(size=(n, inputs))}


def xavier_bound(fan_out, fan_in):
    return np.sqrt(6 / (fan_in + fan_out))


def kaiming_bound(fan_out, fan_in):
    return np.sqrt(6 / fan_in)


def linear_bound(fan_out, fan_in):
    """Of torch's Linear."""
    return np.sqrt(1 / fan_in)


def deviations(bound, kurtosis=9 / 5):
    """The standard deviation of each layer's weights, bound / √3; the kurtosis is a uniform's, or 3, a normal's."""

    def of(params, spread):
        return np.array([bound(*params[f"{layer}.draws"].shape) * spread(params, layer) for layer in LAYERS])

    return Stochastic(
        expected=lambda params, batch: of(params, lambda params, layer: 1 / np.sqrt(3)),
        # var(s²) = (E[w⁴] - σ⁴) / n = σ⁴ (kurtosis - 1) / n, and the error of s is that of s² over 2 s
        error=lambda params, batch: of(
            params, lambda params, layer: np.sqrt((kurtosis - 1) / params[f"{layer}.draws"].size / 3) / 2
        ),
    )


def reversed_tests(arrays):
    tests = ("native/default_is_xavier", "native/default_is_kaiming")
    return arrays | {name: np.logical_not(arrays[name]) for name in tests}


SCHEME = (*(f"{layer}.weight" for layer in LAYERS), "deviations")

TASK = Task(
    name="init_schemes",
    topic="6 Design, initialisation, batch normalisation",
    title="Initialisation",
    lesson="Xavier is made for linear layers, Kaiming for ReLUs, which take half of the square away: with ReLUs the "
    "pre-activations shrink from Xavier's weights and not from Kaiming's.  The default of torch's Linear is "
    "neither, that of Keras's Dense is Xavier.",
    make=make,
    stages={
        "xavier": Stage(outputs=SCHEME, timed=True),
        "kaiming": Stage(outputs=SCHEME, timed=True),
        # The standard deviation of the weights of every layer, and whether their bound is that of a scheme.
        "native": Stage(
            outputs=(
                *("xavier", "kaiming", "normal", "default"),
                *("xavier_fits", "kaiming_fits", "normal_fits", "default_is_xavier", "default_is_kaiming"),
            ),
            stochastic={
                "xavier": deviations(xavier_bound),
                "kaiming": deviations(kaiming_bound),
                "normal": deviations(xavier_bound, kurtosis=3),  # Keras cuts its tails off, and has less
                "default": deviations(linear_bound),
            },
            expected_divergence={
                Where(framework="tf"): Returns(
                    compute=lambda params, batch: {"default_is_xavier": np.full(len(LAYERS), True)},
                    stochastic={"default": deviations(xavier_bound)},
                )
            },
        ),
    },
    sizes={
        # With fewer classes the last layer's two bounds, √(6 / (in + out)) and √(6 / in),
        # lie too near to be told apart.
        "tiny": {"n": 6, "inputs": 40, "hidden": 50, "classes": 8},
        "base": {"n": 32, "inputs": 784, "hidden": 256, "classes": 10},
        "large": {"n": 512, "inputs": 2048, "hidden": 1024, "classes": 100},
    },
    layout={f"{layer}.{kind}": "oi" for layer in LAYERS for kind in ("draws", "weight")},
    known={
        Shape("x"): (32, 784),
        Shape("xavier/0.weight"): (256, 784),
        Shape("xavier/2.weight"): (256, 256),
        Shape("xavier/4.weight"): (10, 256),
        "native/xavier_fits": (True, True, True),
        "native/kaiming_fits": (True, True, True),
    },
    claims={
        "With ReLU and Xavier the second layer's deviation is below 0.8 of the first's": Claim(
            holds=lambda out: out["xavier/deviations"][1] < 0.8 * out["xavier/deviations"][0],
            broken_by="Kaiming's √2 in every layer",
        ),
        "With Kaiming every layer keeps at least 0.8 of the first's": Claim(
            holds=lambda out: min(out["kaiming/deviations"]) >= 0.8 * out["kaiming/deviations"][0],
            broken_by="the ReLU's half forgotten",
        ),
        "torch's Linear starts with neither": Claim(
            holds=lambda out: not (out["native/default_is_xavier"] | out["native/default_is_kaiming"]).any(),
            broken_by="each test of the default reversed",
            frameworks=("torch",),
        ),
        "Keras's Dense starts with Xavier's weights": Claim(
            holds=lambda out: (out["native/default_is_xavier"] > out["native/default_is_kaiming"]).all(),
            broken_by="each test of the default reversed",
            frameworks=("tf",),
        ),
    },
    shows=(
        Table(
            "layer",
            {"Xavier": "xavier/deviations", "Kaiming": "kaiming/deviations"},
            title="Standard deviation of the pre-activations, from the same draws",
        ),
        Table("layer", {"Xavier": "native/xavier"}, title="... of the weights, by each framework's own initialisers"),
        Table("layer", {"Kaiming": "native/kaiming"}, title="... with Kaiming"),
        Table("layer", {"default": "native/default"}, title="... as the layers come (NumPy: by PyTorch's rule)"),
        Table(
            "layer",
            {"is Xavier's": "native/default_is_xavier", "is Kaiming's": "native/default_is_kaiming"},
            title="The default",
        ),
    ),
    aligns=("INIT-DENSE-W", "INIT-DENSE-B", "INIT-SHARED"),
    faults={
        "inputs in TF32": rounded_to_tf32(),
        "draws of half the spread": given("0.draws", lambda draws: draws / 2),
        "a normal's bound": wrong("xavier/0.weight", lambda w: w / np.sqrt(3)),
        "fan-out for fan-in": wrong("kaiming/deviations", lambda s: s * np.sqrt(0.8)),
        "Kaiming's √2 in every layer": wrong("xavier/deviations", lambda s: s * 2 ** (np.arange(len(s)) / 2)),
        "the ReLU's half forgotten": wrong("kaiming/deviations", lambda s: s * 2 ** (-np.arange(len(s)) / 2)),
        "each test of the default reversed": Fault(outputs=reversed_tests),
    },
)
