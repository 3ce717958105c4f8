"""Layer, group and RMS normalisation between linear layers and convolutions, and the axis of a softmax."""

from functools import partial

import keras
from keras import layers
from torch import nn

from parity.tests.gallery import Fault, Pair, normal, trained


def torch_tokens():
    net = nn.Sequential()
    net.add_module("fc1", nn.Linear(6, 16))
    net.add_module("norm1", nn.LayerNorm(16, eps=1e-6))
    net.add_module("fc2", nn.Linear(16, 16))
    net.add_module("norm2", nn.RMSNorm(16, eps=1e-6))
    net.add_module("fc3", nn.Linear(16, 3))
    return trained(net)


def keras_tokens(epsilon=1e-6):
    return keras.Sequential(
        [
            keras.Input((7, 6)),
            layers.Dense(16, name="fc1"),
            layers.LayerNormalization(epsilon=epsilon, name="norm1"),
            layers.Dense(16, name="fc2"),
            layers.RMSNormalization(epsilon=1e-6, name="norm2"),
            layers.Dense(3, name="fc3"),
        ]
    )


def torch_image():
    net = nn.Sequential()
    net.add_module("conv", nn.Conv2d(3, 8, 3, padding=1))
    net.add_module("norm", nn.GroupNorm(4, 8))
    net.add_module("head", nn.Conv2d(8, 5, 1))
    net.add_module("classes", nn.Softmax(dim=1))
    return trained(net)


def keras_image(epsilon=1e-5, axis=-1):
    return keras.Sequential(
        [
            keras.Input((6, 9, 3)),
            layers.Conv2D(8, 3, padding="same", name="conv"),
            layers.GroupNormalization(4, epsilon=epsilon, name="norm"),
            layers.Conv2D(5, 1, name="head"),
            layers.Softmax(axis=axis, name="classes"),
        ]
    )


TOKENS, IMAGE = normal(4, 7, 6), normal(2, 3, 6, 9)

PAIRS = (
    Pair("layer_and_rms_norm", torch_tokens, keras_tokens, TOKENS),
    Pair("group_norm", torch_image, keras_image, IMAGE),
    Pair(
        "layer_norm_eps",
        torch_tokens,
        partial(keras_tokens, epsilon=1e-3),
        TOKENS,
        faults=(Fault(("norm1", "norm1"), "LN-EPS"),),
    ),
    Pair(
        "group_norm_eps",
        torch_image,
        partial(keras_image, epsilon=1e-3),
        IMAGE,
        faults=(Fault(("norm", "norm"), "GN-EPS"),),
    ),
    # dim=1 was copied: the classes in torch, the rows of the picture in Keras.
    Pair(
        "softmax_axis",
        torch_image,
        partial(keras_image, axis=1),
        IMAGE,
        faults=(Fault(("classes", "classes")),),
    ),
)
