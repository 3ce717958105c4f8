"""Pooling over padding, in the stem of a residual network."""

from functools import partial

import keras
from keras import layers
from torch import nn

from parity.tests.gallery import Fault, Pair, normal, trained


def stem(pool):
    net = nn.Sequential()
    net.add_module("conv", nn.Conv2d(3, 6, 3, padding=1))
    net.add_module("pool", pool)
    net.add_module("head", nn.Conv2d(6, 4, 1))
    return trained(net)


def maximum():
    return stem(nn.MaxPool2d(3, stride=2, padding=1))


def average():
    return stem(nn.AvgPool2d(3, stride=2, padding=1))


def keras_stem(*pool, size=(12, 16)):
    return keras.Sequential(
        [
            keras.Input((*size, 3)),
            layers.Conv2D(6, 3, padding="same", name="conv"),
            *[layer() for layer in pool],
            layers.Conv2D(4, 1, name="head"),
        ]
    )


ZEROS = partial(layers.ZeroPadding2D, 1)
LOWEST = partial(layers.Lambda, lambda x: keras.ops.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=-1e30))
MAX = partial(layers.MaxPooling2D, 3, 2, name="pool")
MAX_SAME = partial(layers.MaxPooling2D, 3, 2, padding="same", name="pool")
MEAN = partial(layers.AveragePooling2D, 3, 2, name="pool")
MEAN_SAME = partial(layers.AveragePooling2D, 3, 2, padding="same", name="pool")
EVEN, ODD = normal(2, 3, 12, 16), normal(2, 3, 13, 17)

PAIRS = (
    Pair("maxpool_padded", maximum, partial(keras_stem, LOWEST, MAX), EVEN),
    Pair("avgpool_zeros", average, partial(keras_stem, ZEROS, MEAN), EVEN),
    Pair("maxpool_same", maximum, partial(keras_stem, MAX_SAME), EVEN, faults=(Fault(("pool", "pool"), "POOL-SAME"),)),
    # The zeros win over negative values at the border; torch pads with the lowest number.
    Pair("maxpool_over_zeros", maximum, partial(keras_stem, ZEROS, MAX), EVEN, faults=(Fault(("pool", "pool")),)),
    Pair(
        "avgpool_same",
        average,
        partial(keras_stem, MEAN_SAME, size=(13, 17)),
        ODD,
        faults=(Fault(("pool", "pool"), "POOL-AVGPAD"),),
    ),
)
