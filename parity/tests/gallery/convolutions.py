"""Depthwise, grouped, dilated and causal convolution, in one, two and three dimensions."""

from functools import partial

import keras
import torch.nn.functional as F
from keras import layers
from torch import nn

from parity.tests.gallery import Fault, Pair, normal, trained


def mobile(stride=1):
    net = nn.Sequential()
    net.add_module("expand", nn.Conv2d(4, 8, 1))
    net.add_module("depthwise", nn.Conv2d(8, 16, 3, stride, padding=1, groups=8))
    net.add_module("act", nn.ReLU6())
    net.add_module("grouped", nn.Conv2d(16, 6, 3, padding=1, groups=2))
    return trained(net)


def keras_mobile(stride=1):
    return keras.Sequential(
        [
            keras.Input((6, 10 if stride == 2 else 9, 4)),
            layers.Conv2D(8, 1, name="expand"),
            layers.DepthwiseConv2D(3, stride, padding="same", depth_multiplier=2, name="depthwise"),
            layers.ReLU(6.0, name="act"),
            layers.Conv2D(6, 3, padding="same", groups=2, name="grouped"),
        ]
    )


def strided(down):
    net = nn.Sequential()
    net.add_module("down", down)
    net.add_module("head", nn.Conv1d(8, 3, 1))
    return trained(net)


def keras_strided(down, *shape):
    return keras.Sequential([keras.Input(shape), down, layers.Conv1D(3, 1, name="head")])


class Causal(nn.Module):
    """Takes (n, time, channels), as its Keras port does, and transposes for its convolutions."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv1d(5, 8, 3)
        self.conv2 = nn.Conv1d(8, 8, 3, dilation=2)
        self.fc = nn.Linear(8, 4)

    def forward(self, x):
        x = F.relu(self.conv1(F.pad(x.transpose(1, 2), (2, 0))))
        x = F.relu(self.conv2(F.pad(x, (4, 0))))
        return self.fc(x.transpose(1, 2))


def causal():
    return trained(Causal())


def keras_causal(padding="causal"):
    return keras.Sequential(
        [
            keras.Input((11, 5)),
            layers.Conv1D(8, 3, padding=padding, activation="relu", name="conv1"),
            layers.Conv1D(8, 3, padding="causal", dilation_rate=2, activation="relu", name="conv2"),
            layers.Dense(4, name="fc"),
        ]
    )


def volume(pooled=False):
    net = nn.Sequential()
    net.add_module("conv", nn.Conv3d(2, 4, 3, padding=1))
    net.add_module("bn", nn.BatchNorm3d(4))
    net.add_module("down", nn.AvgPool3d(2) if pooled else nn.Conv3d(4, 4, 2, stride=2))
    net.add_module("head", nn.Conv3d(4, 3, 1))
    return trained(net)


def keras_volume(pooled=False):
    down = layers.AveragePooling3D(2, name="down") if pooled else layers.Conv3D(4, 2, 2, name="down")
    return keras.Sequential(
        [
            keras.Input((4, 6, 8, 2)),
            layers.Conv3D(4, 3, padding="same", name="conv"),
            layers.BatchNormalization(epsilon=1e-5, momentum=0.9, name="bn"),
            down,
            layers.Conv3D(3, 1, name="head"),
        ]
    )


SEQUENCE, VOLUME = normal(3, 11, 5), normal(2, 2, 4, 6, 8)

PAIRS = (
    Pair("depthwise_and_grouped", mobile, keras_mobile, normal(2, 4, 6, 9)),
    # On an even size, at stride 2, each channel by itself.
    Pair(
        "depthwise_same",
        partial(mobile, 2),
        partial(keras_mobile, 2),
        normal(2, 4, 6, 10),
        faults=(Fault(("depthwise", "depthwise"), "CONV-SAME-S2"),),
    ),
    Pair(
        "stride_same",
        lambda: strided(nn.Conv1d(5, 8, 3, 2, 1)),
        lambda: keras_strided(layers.Conv1D(8, 3, 2, padding="same", name="down"), 12, 5),
        normal(3, 5, 12),
        faults=(Fault(("down", "down"), "CONV-SAME-S2"),),
    ),
    Pair("causal", causal, keras_causal, SEQUENCE),
    Pair("volume", volume, keras_volume, VOLUME),
    # TensorFlow has no such kernel in float64 on a CPU: a refusal is an answer too.
    Pair("volume_pooled", partial(volume, True), partial(keras_volume, True), VOLUME),
    # torch's padding is a function before the layer, Keras's an argument of it.
    Pair(
        "causal_forgotten",
        causal,
        partial(keras_causal, "same"),
        SEQUENCE,
        faults=(Fault(("conv1", "conv1")),),
    ),
)
