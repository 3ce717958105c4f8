"""How gradients fade through a deep MLP: with tanh, with ReLU, and with ReLU from Kaiming's weights."""

import numpy as np

from parity.faults import rounded_to_tf32, transposed, wrong
from parity.task import Arrays, Claim, Fault, Rows, Shape, Stage, Table, Task

LINEAR = tuple(range(0, 10, 2))  # places of the five linear layers in nn.Sequential
NAMES = tuple(f"{layer}.{part}" for layer in LINEAR for part in ("weight", "bias"))


def make(rng, n, inputs, width):
    params = {}
    for place, layer in enumerate(LINEAR):
        i, o = (inputs if place == 0 else width), (1 if layer == LINEAR[-1] else width)
        weight, bias = rng.uniform(-1, 1, (o, i)), rng.uniform(-1, 1, o)
        params[f"default.{layer}.weight"] = weight / np.sqrt(i)  # nn.Linear's own bound
        params[f"default.{layer}.bias"] = bias / np.sqrt(i)
        params[f"kaiming.{layer}.weight"] = weight * np.sqrt(6 / i)
        params[f"kaiming.{layer}.bias"] = bias / np.sqrt(i)
    x = rng.normal(size=(n, inputs))
    return params, {"x": x, "target": np.sin(x[:, :1]) + 2}


def stage(name: str, scheme: str, *, timed: bool = False) -> Stage:
    gradients = tuple(f"grad.{scheme}.{name}" for name in NAMES)
    outputs = ("loss", "norms", "norm_ratio", "rms", "rms_ratio", *gradients)
    return Stage(outputs=outputs, derivative_of={f"{name}/loss": ""}, timed=timed)


def taking(scheme: str, other: str) -> Fault:
    """The weights of one scheme where those of the other belong."""

    def change(arrays: Arrays) -> Arrays:
        weights = {name.replace(other, scheme): a for name, a in arrays.items() if name.startswith(other)}
        return arrays | weights

    return Fault(inputs=change)


def beside(output: str) -> dict[str, str]:
    return {"tanh": f"tanh/{output}", "ReLU": f"relu/{output}", "ReLU + Kaiming": f"kaiming/{output}"}


TASK = Task(
    name="vanishing_gradient",
    topic="8 Optimizers, learning rate, vanishing gradients",
    title="Vanishing gradients",
    lesson="A tanh multiplies the gradient by a slope below one, a ReLU by one or nothing.  From torch's default "
    "weights it fades towards the first layer either way: ReLU alone is no cure, ReLU with Kaiming's weights is.  A "
    "weight's gradient is the one at its layer's pre-activation times the layer's input, so both are shown.",
    make=make,
    stages={
        "tanh": stage("tanh", "default", timed=True),
        "relu": stage("relu", "default", timed=True),
        "kaiming": stage("kaiming", "kaiming"),
    },
    sizes={
        # In a narrower network a whole layer of ReLUs may be dead, and 0 / 0 is no ratio.
        "tiny": {"n": 6, "inputs": 5, "width": 16},
        "base": {"n": 32, "inputs": 20, "width": 64},
        "large": {"n": 512, "inputs": 512, "width": 1024},
    },
    layout={f"{scheme}.{layer}.weight": "oi" for scheme in ("default", "kaiming") for layer in LINEAR},
    known={
        Shape("x"): (32, 20),
        Shape("default.0.weight"): (64, 20),
        Shape("default.8.weight"): (1, 64),
        Shape("tanh/norms"): (5,),
        Shape("tanh/rms"): (4,),
    },
    claims={
        "With tanh the first pre-activation's gradient is at most 0.25 of the last's": Claim(
            holds=lambda out: out["tanh/rms_ratio"] <= 0.25, broken_by="Kaiming's weights everywhere"
        ),
        "ReLU alone is no cure: at most 0.1": Claim(
            holds=lambda out: out["relu/rms_ratio"] <= 0.1, broken_by="Kaiming's weights everywhere"
        ),
        "ReLU with Kaiming's weights keeps at least 0.5": Claim(
            holds=lambda out: out["kaiming/rms_ratio"] >= 0.5, broken_by="Kaiming's weights forgotten"
        ),
        "ReLU with Kaiming's weights: the first .grad.norm() is at least four times tanh's": Claim(
            holds=lambda out: out["kaiming/norms"][0] >= 4 * out["tanh/norms"][0],
            broken_by="Kaiming's weights forgotten",
        ),
    },
    shows=(
        Table("layer", beside("norms"), title=".grad.norm() of the weights"),
        Table("layer", beside("rms"), title="RMS gradient at the hidden pre-activations"),
        Rows(
            ("first / last", *beside("")),
            {
                ".grad.norm()": tuple(beside("norm_ratio").values()),
                "RMS gradient": tuple(beside("rms_ratio").values()),
            },
        ),
    ),
    faults={
        "inputs in TF32": rounded_to_tf32(),
        "square weight transposed": transposed("default.4.weight", (1, 0)),
        "squared norms": wrong("tanh/norms", np.square),
        "twice the first layer's norm": wrong("relu/norms", lambda norms: norms * (np.arange(len(norms)) == 0) + norms),
        "Kaiming's weights everywhere": taking("default", "kaiming"),
        "Kaiming's weights forgotten": taking("kaiming", "default"),
    },
)
