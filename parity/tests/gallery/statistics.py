"""Batch normalisation in training: momentum, the unbiased variance, a frozen layer."""

from functools import partial

import keras
import torch
from keras import layers
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
TRAIN = {"loss": LOSS, "targets": integers(4, 4), "train": True}
IMAGE, X = normal(4, 3, 5, 7), normal(4, 6)
# Of the 4 x 5 x 7 values of a channel too the unbiased variance is larger, by 1/139.
VARIANCE = Fault(("bn", "bn"), "BN-VAR", "buffers")

PAIRS = (
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
