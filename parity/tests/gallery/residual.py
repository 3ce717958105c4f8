"""A residual block as in ResNet, with a projected shortcut, and the mistakes of its wiring."""

from functools import partial

import keras
import torch.nn.functional as F
from keras import layers
from torch import nn

from parity.tests.gallery import Fault, Pair, normal, trained


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(4, 8, 3, stride=2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.conv2 = nn.Conv2d(8, 8, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(8)
        # Declared after the layers of the main branch, called before the sum.
        self.shortcut = nn.Sequential(nn.Conv2d(4, 8, 1, stride=2, bias=False), nn.BatchNorm2d(8))
        self.fc = nn.Linear(8, 3)

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        y = F.relu(y + self.shortcut(x))
        return self.fc(y.mean((2, 3)))


def residual():
    return trained(Residual())


def keras_residual(relu_first=False, no_relu=False, bare_shortcut=False):
    x = keras.Input((10, 14, 4))
    y = layers.ZeroPadding2D(1)(x)
    y = layers.Conv2D(8, 3, 2, use_bias=False, name="conv1")(y)
    y = layers.BatchNormalization(epsilon=1e-5, name="bn1")(y)
    y = layers.ReLU()(y)
    y = layers.Conv2D(8, 3, padding="same", use_bias=False, name="conv2")(y)
    y = layers.BatchNormalization(epsilon=1e-5, name="bn2")(y)
    conv = layers.Conv2D(8, 1, 2, use_bias=False, name="shortcut_0")(x)
    norm = layers.BatchNormalization(epsilon=1e-5, name="shortcut_1")(conv)
    if relu_first:
        y = layers.Add()([layers.ReLU()(y), norm])
    elif bare_shortcut:
        y = layers.ReLU()(layers.Add()([y, conv]))
    else:
        y = layers.Add()([y, norm])
        y = y if no_relu else layers.ReLU()(y)
    y = layers.GlobalAveragePooling2D()(y)
    return keras.Model(x, layers.Dense(3, name="fc")(y))


IMAGE = normal(4, 4, 10, 14)
EDGE = Fault(("shortcut.1", "fc"), part="between")

PAIRS = (
    Pair("residual", residual, keras_residual, IMAGE),
    Pair("relu_before_sum", residual, partial(keras_residual, relu_first=True), IMAGE, faults=(EDGE,)),
    Pair("relu_forgotten", residual, partial(keras_residual, no_relu=True), IMAGE, faults=(EDGE,)),
    Pair("shortcut_before_norm", residual, partial(keras_residual, bare_shortcut=True), IMAGE, faults=(EDGE,)),
)
