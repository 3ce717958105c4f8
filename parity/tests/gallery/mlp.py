"""Perceptrons: activations as layers, as functions and as arguments, and a subclassed Keras model."""

from functools import partial

import keras
import torch.nn.functional as F
from keras import layers
from torch import nn

from parity.tests.gallery import Fault, Pair, normal, trained


class Functional(nn.Module):
    """`act` is a function, as most users write it."""

    def __init__(self, act):
        super().__init__()
        self.fc1 = nn.Linear(10, 12)
        self.fc2 = nn.Linear(12, 12)
        self.fc3 = nn.Linear(12, 4)
        self.act = act

    def forward(self, x):
        return self.fc3(self.act(self.fc2(self.act(self.fc1(x)))))


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        # Declared from the output to the input.
        self.last = layers.Dense(4, name="fc3")
        self.middle = layers.Dense(12, activation="tanh", name="fc2")
        self.first = layers.Dense(12, name="fc1")

    def call(self, x):
        x = keras.ops.tanh(self.first(x))
        return self.last(self.middle(x))


def functional(act=F.relu):
    return trained(Functional(act))


def modules():
    net = nn.Sequential()
    net.add_module("fc1", nn.Linear(10, 12))
    net.add_module("act", nn.GELU())
    net.add_module("fc2", nn.Linear(12, 4))
    return trained(net)


class Between(keras.Model):
    """`act` is a function between the layers, called as the model runs."""

    def __init__(self, act):
        super().__init__()
        self.fc1, self.fc2 = (layers.Dense(12, name=name) for name in ("fc1", "fc2"))
        self.fc3 = layers.Dense(4, name="fc3")
        self.act = act

    def call(self, x):
        return self.fc3(self.act(self.fc2(self.act(self.fc1(x)))))


def between(act):
    """The same as a functional model, of which the function is an operation."""
    x = keras.Input((10,))
    h = act(layers.Dense(12, name="fc1")(x))
    return keras.Model(x, layers.Dense(4, name="fc3")(act(layers.Dense(12, name="fc2")(h))))


def gelu(x):
    return keras.ops.gelu(x)


def exact_gelu(x):
    return keras.ops.gelu(x, approximate=False)


def leaky(x):
    return keras.ops.leaky_relu(x)


def everywhere(cause):
    return tuple(Fault(place, cause, "between") for place in (("fc1", "fc2"), ("fc2", "fc3")))


def arguments(act="relu", last="relu"):
    return keras.Sequential(
        [
            keras.Input((10,)),
            layers.Dense(12, activation=act, name="fc1"),
            layers.Dense(12, activation=last, name="fc2"),
            layers.Dense(4, name="fc3"),
        ]
    )


def keras_modules(gelu):
    return keras.Sequential(
        [
            keras.Input((10,)),
            layers.Dense(12, name="fc1"),
            layers.Activation(gelu, name="act"),
            layers.Dense(4, name="fc2"),
        ]
    )


X = normal(6, 10)
TANH_GELU = partial(functional, partial(F.gelu, approximate="tanh"))

EXACT_GELU = partial(functional, F.gelu)

PAIRS = (
    Pair("gelu_between", EXACT_GELU, partial(between, gelu), X, faults=everywhere("ACT-GELU-DEF")),
    Pair("gelu_between_called", EXACT_GELU, partial(Between, gelu), X, faults=everywhere("ACT-GELU-DEF")),
    Pair("gelu_between_new", TANH_GELU, partial(Between, exact_gelu), X, faults=everywhere("ACT-GELU-TANH")),
    Pair(
        "leaky_between",
        partial(functional, F.leaky_relu),
        partial(between, leaky),
        X,
        faults=everywhere("ACT-LEAKY"),
    ),
    Pair("activation_arguments", functional, arguments, X),
    Pair("subclassed", partial(functional, F.tanh), Subclassed, X),
    Pair("gelu_exact", modules, partial(keras_modules, keras.activations.gelu), X),
    Pair(
        "gelu_ops",
        modules,
        partial(keras_modules, keras.ops.gelu),
        X,
        faults=(Fault(("act", "act"), "ACT-GELU-DEF"),),
    ),
    # GPT-2's approximation, ported as Keras's activation of that name.
    Pair(
        "gelu_new",
        TANH_GELU,
        partial(arguments, "gelu", "gelu"),
        X,
        faults=(
            Fault(("fc1", "fc2"), "ACT-GELU-TANH", "between"),
            Fault(("fc2", "fc3"), "ACT-GELU-TANH", "between"),
        ),
    ),
    Pair(
        "activation_forgotten",
        functional,
        partial(arguments, last=None),
        X,
        faults=(Fault(("fc2", "fc3"), part="between"),),
    ),
)
