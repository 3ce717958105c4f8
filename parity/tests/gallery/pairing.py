"""Layers without names, or with names of their own, that are paired by the order of their calls, or by a table."""

import keras
import torch
import torch.nn.functional as F
from keras import layers
from torch import nn

from parity.tests.gallery import Pair, normal, trained
from parity.tests.gallery.byhand import weights_of


class Signal(nn.Module):
    """x (n, channels, time), as Conv1d has it; equal shapes, declared from the last to the first."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(6, 6)
        self.hidden = nn.Linear(6, 6)
        self.norm = nn.BatchNorm1d(6)
        self.second = nn.Conv1d(6, 6, 3, padding=1)
        self.first = nn.Conv1d(6, 6, 3, padding=1)

    def forward(self, x):
        x = F.max_pool1d(F.relu(self.first(x)), 2)
        x = F.relu(self.norm(self.second(x))).mean(2)
        return self.head(F.relu(self.hidden(x)))


def signal():
    return trained(Signal())


def keras_signal():
    return keras.Sequential(
        [
            keras.Input((10, 6)),
            layers.Conv1D(6, 3, padding="same", activation="relu"),
            layers.MaxPooling1D(),
            layers.Conv1D(6, 3, padding="same"),
            layers.BatchNormalization(epsilon=1e-5, momentum=0.9),
            layers.ReLU(),
            layers.GlobalAveragePooling1D(),
            layers.Dense(6, activation="relu"),
            layers.Dense(6),
        ]
    )


def in_order(net, model):
    weighted = [layer for layer in model.layers if layer.weights]
    for module, layer in zip((net.first, net.second, net.norm, net.hidden, net.head), weighted):
        layer.set_weights(weights_of(module, layer))


class Heads(nn.Module):
    """Two heads of one shape."""

    def __init__(self):
        super().__init__()
        self.body = nn.Linear(6, 8)
        self.mean = nn.Linear(8, 3)
        self.logvar = nn.Linear(8, 3)

    def forward(self, x):
        h = torch.tanh(self.body(x))
        return self.mean(h), self.logvar(h)


def heads():
    return trained(Heads())


def keras_heads():
    """The heads are called in the other order, and returned in torch's."""
    x = keras.Input((6,))
    h = layers.Dense(8, activation="tanh", name="features")(x)
    spread = layers.Dense(3, name="spread")(h)
    return keras.Model(x, [layers.Dense(3, name="centre")(h), spread])


NAMES = {"body": "features", "mean": "centre", "logvar": "spread"}

PAIRS = (
    Pair("unnamed_signal", signal, keras_signal, normal(3, 6, 10), by_hand=in_order),
    Pair("heads_named", heads, keras_heads, normal(4, 6), names=NAMES, partners=NAMES),
)
