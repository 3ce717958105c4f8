"""Two branches in training: a detached one, a frozen trunk, another rate of dropout."""

from functools import partial

import keras
import torch
from keras import layers, ops
from torch import nn

from parity.tests.gallery import Fault, Pair, integers, normal, trained


class Branches(nn.Module):
    """The right branch is a gate of the left one, and is detached where `detach` says so."""

    def __init__(self, detach=False, rate=0.0):
        super().__init__()
        self.trunk = nn.Linear(6, 8)
        self.left = nn.Linear(8, 5)
        self.right = nn.Linear(8, 5)
        self.drop = nn.Dropout(rate)
        self.fc = nn.Linear(5, 4)
        self.detach = detach

    def forward(self, x):
        h = torch.tanh(self.trunk(x))
        right = self.right(h)
        gate = torch.sigmoid(right.detach() if self.detach else right)
        return self.fc(self.drop(self.left(h) * gate))


def branches(detach=False, rate=0.0):
    return trained(Branches(detach, rate))


def keras_branches(detach=False, frozen=False, rate=0.0):
    x = keras.Input((6,))
    h = layers.Dense(8, activation="tanh", name="trunk", trainable=not frozen)(x)
    left, right = layers.Dense(5, name="left")(h), layers.Dense(5, name="right")(h)
    gate = layers.Lambda(lambda a: ops.sigmoid(ops.stop_gradient(a) if detach else a), name="gate")(right)
    y = layers.Dropout(rate, name="drop")(left * gate)
    return keras.Model(x, layers.Dense(4, name="fc")(y))


LOSS = (nn.CrossEntropyLoss(), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
TRAIN = {"loss": LOSS, "targets": integers(4, 4), "train": True}
X = normal(4, 6)

PAIRS = (
    Pair("branches_trained", branches, keras_branches, X, **TRAIN),
    Pair("branch_detached_in_both", partial(branches, True), partial(keras_branches, True), X, **TRAIN),
    Pair(
        "branch_detached",
        branches,
        partial(keras_branches, True),
        X,
        faults=(Fault(("right", "right"), part="gradients"), Fault(("trunk", "trunk"), part="gradients")),
        **TRAIN,
    ),
    Pair(
        "trunk_frozen",
        branches,
        partial(keras_branches, frozen=True),
        X,
        faults=(Fault(("trunk", "trunk"), part="gradients"),),
        **TRAIN,
    ),
    Pair(
        "dropout_rate",
        partial(branches, rate=0.1),
        partial(keras_branches, rate=0.5),
        X,
        faults=(Fault(("drop", "drop"), "DROP-RATE", "training"),),
        **TRAIN,
    ),
)
