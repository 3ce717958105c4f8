"""What only training shows: running statistics, a detached branch, frozen layers, rates of dropout."""

from functools import partial

import keras
import torch
from keras import layers, ops
from torch import nn

from parity.tests.gallery import Fault, Pair, integers, normal, trained


class Images(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 6, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(6)
        self.fc = nn.Linear(6, 4)

    def forward(self, x):
        return self.fc(torch.tanh(self.bn(self.conv(x))).mean((2, 3)))


class Branches(nn.Module):
    """Two branches; `fixed` has no gradient where the port says so."""

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


class Vectors(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(6, 8, bias=False)
        self.bn = nn.BatchNorm1d(8)
        self.fc2 = nn.Linear(8, 4)

    def forward(self, x):
        return self.fc2(torch.tanh(self.bn(self.fc1(x))))


def images(frozen=False):
    net = trained(Images())
    net.bn.requires_grad_(not frozen)
    return net


def branches(detach=False, rate=0.0):
    return trained(Branches(detach, rate))


def vectors():
    return trained(Vectors())


def keras_images(momentum=0.9, trainable=True):
    norm = layers.BatchNormalization(epsilon=1e-5, momentum=momentum, name="bn")
    norm.trainable = trainable
    return keras.Sequential(
        [
            keras.Input((5, 7, 3)),
            layers.Conv2D(6, 3, padding="same", use_bias=False, name="conv"),
            norm,
            layers.Activation("tanh"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(4, name="fc"),
        ]
    )


def keras_branches(detach=False, frozen=False, rate=0.0):
    x = keras.Input((6,))
    h = layers.Dense(8, activation="tanh", name="trunk", trainable=not frozen)(x)
    left, right = layers.Dense(5, name="left")(h), layers.Dense(5, name="right")(h)
    gate = layers.Lambda(lambda a: ops.sigmoid(ops.stop_gradient(a) if detach else a), name="gate")(right)
    y = layers.Dropout(rate, name="drop")(left * gate)
    return keras.Model(x, layers.Dense(4, name="fc")(y))


def keras_vectors():
    return keras.Sequential(
        [
            keras.Input((6,)),
            layers.Dense(8, use_bias=False, name="fc1"),
            layers.BatchNormalization(epsilon=1e-5, momentum=0.9, name="bn"),
            layers.Activation("tanh"),
            layers.Dense(4, name="fc2"),
        ]
    )


LOSS = (nn.CrossEntropyLoss(), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
# 4 x 5 x 7 values a channel: the unbiased variance is larger by 1/139, which is no fault of the port (BN-VAR).
TRAIN = {"loss": LOSS, "targets": integers(4, 4), "train": True}
IMAGE, X = normal(4, 3, 5, 7), normal(4, 6)
VARIANCE = Fault(("bn", "bn"), "BN-VAR", "buffers")

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
    # The port cannot align it, and a training on small batches of vectors feels it.
    Pair("unbiased_variance", vectors, keras_vectors, X, faults=(VARIANCE,), **TRAIN),
    Pair(
        "momentum_copied",
        images,
        partial(keras_images, momentum=0.1),
        IMAGE,
        faults=(Fault(("bn", "bn"), "BN-MOM", "buffers"), VARIANCE),
        **TRAIN,
    ),
    # trainable=False also puts Keras's layer into inference; torch's frozen one would use the batch.
    Pair(
        "norm_frozen",
        partial(images, True),
        partial(keras_images, trainable=False),
        IMAGE,
        faults=(Fault(("bn", "bn"), "BN-FREEZE", "training"),),
        **TRAIN,
    ),
)
