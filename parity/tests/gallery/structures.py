"""Containers in containers, folded normalisation, several outputs, a dictionary of inputs."""

import keras
import numpy as np
import torch
import torch.nn.functional as F
from keras import layers
from torch import nn

from parity.tests.gallery import Pair, normal, trained
from parity.tests.gallery.byhand import array


class Nested(nn.Module):
    """Blocks in a list, each a container; equal shapes everywhere."""

    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Linear(8, 8), nn.SiLU(), nn.Linear(8, 8), nn.LayerNorm(8)) for _ in range(3)
        )
        self.head = nn.Linear(8, 8)

    def forward(self, x):
        for block in self.blocks:
            x = x + block(x)
        return self.head(x)


def nested():
    return trained(Nested())


def keras_nested():
    inputs = x = keras.Input((8,))
    for i in range(3):
        block = keras.Sequential(
            [
                layers.Dense(8, activation="silu", name=f"blocks_{i}_0"),
                layers.Dense(8, name=f"blocks_{i}_2"),
                layers.LayerNormalization(epsilon=1e-5, name=f"blocks_{i}_3"),
            ]
        )
        x = layers.Add()([x, block(x)])
    return keras.Model(inputs, layers.Dense(8, name="head")(x))


class Folded(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 6, 3, bias=False)
        self.bn = nn.BatchNorm2d(6)
        self.head = nn.Conv2d(6, 2, 1)

    def forward(self, x):
        return self.head(F.relu(self.bn(self.conv(x))))


def folded():
    return trained(Folded())


def keras_folded():
    return keras.Sequential(
        [
            keras.Input((6, 9, 3)),
            layers.Conv2D(6, 3, activation="relu", name="conv"),
            layers.Conv2D(2, 1, name="head"),
        ]
    )


def fold(net, model):
    """The normalisation of inference is a scale and a shift, which the convolution takes over."""
    bn = net.bn
    scale = array(bn.weight) / np.sqrt(array(bn.running_var) + bn.eps)
    kernel = array(net.conv.weight) * scale[:, None, None, None]
    bias = array(bn.bias) - array(bn.running_mean) * scale
    model.get_layer("conv").set_weights([kernel.transpose(2, 3, 1, 0), bias])
    model.get_layer("head").set_weights([array(net.head.weight).transpose(2, 3, 1, 0), array(net.head.bias)])


class Fusion(nn.Module):
    """A picture and a row of numbers in, a class and a value out."""

    def __init__(self):
        super().__init__()
        self.value = nn.Linear(10, 1)
        self.classes = nn.Linear(10, 3)
        self.conv = nn.Conv2d(3, 6, 3)
        self.fc = nn.Linear(5, 4)

    def forward(self, picture, numbers):
        a = F.relu(self.conv(picture)).amax((2, 3))
        h = torch.cat([a, F.elu(self.fc(numbers))], dim=1)
        return self.classes(h), self.value(h)


def fusion():
    return trained(Fusion())


def keras_fusion():
    picture, numbers = keras.Input((6, 9, 3), name="picture"), keras.Input((5,), name="numbers")
    a = layers.GlobalMaxPooling2D()(layers.Conv2D(6, 3, activation="relu", name="conv")(picture))
    h = layers.Concatenate()([a, layers.Dense(4, activation="elu", name="fc")(numbers)])
    outputs = [layers.Dense(3, name="classes")(h), layers.Dense(1, name="value")(h)]
    return keras.Model({"picture": picture, "numbers": numbers}, outputs)


def picture_and_numbers(rng):
    return {"picture": normal(2, 3, 6, 9)(rng), "numbers": normal(2, 5)(rng)}


PAIRS = (
    Pair("nested_siblings", nested, keras_nested, normal(4, 8)),
    Pair("norm_folded", folded, keras_folded, normal(2, 3, 6, 9), weights="loaded", loaded=fold, partners={"conv": ""}),
    Pair("two_inputs_two_outputs", fusion, keras_fusion, picture_and_numbers),
)
