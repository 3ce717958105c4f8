"""Convolution, batch normalisation, leaky ReLU: the block that is ported most, and its defaults."""

from functools import partial

import keras
from keras import layers
from torch import nn

from parity.tests.gallery import Fault, Pair, normal, trained


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.bn = nn.BatchNorm2d(8)
        self.act = nn.LeakyReLU()
        self.head = nn.Conv2d(8, 5, 1)

    def forward(self, x):
        return self.head(self.act(self.bn(self.conv(x))))


def block():
    return trained(Block())


def keras_block(same=False, epsilon=1e-5, slope=0.01, momentum=0.9):
    inputs = keras.Input((12, 16, 3))
    if same:
        x = layers.Conv2D(8, 3, strides=2, padding="same", name="conv")(inputs)
    else:
        x = layers.ZeroPadding2D(1)(inputs)
        x = layers.Conv2D(8, 3, strides=2, name="conv")(x)
    x = layers.BatchNormalization(epsilon=epsilon, momentum=momentum, name="bn")(x)
    x = layers.LeakyReLU(slope, name="act")(x)
    return keras.Model(inputs, layers.Conv2D(5, 1, name="head")(x))


IMAGE = normal(4, 3, 12, 16)
CONV = Fault(("conv", "conv"), "CONV-SAME-S2")
EPS = Fault(("bn", "bn"), "BN-EPS")
SLOPE = Fault(("act", "act"), "ACT-LEAKY")

PAIRS = (
    Pair("conv_block", block, keras_block, IMAGE),
    Pair("conv_same_stride", block, partial(keras_block, same=True), IMAGE, faults=(CONV,)),
    Pair("bn_eps", block, partial(keras_block, epsilon=1e-3), IMAGE, faults=(EPS,)),
    Pair("leaky_slope", block, partial(keras_block, slope=0.3), IMAGE, faults=(SLOPE,)),
    Pair("three_defaults", block, partial(keras_block, True, 1e-3, 0.3), IMAGE, faults=(CONV, EPS, SLOPE)),
)
