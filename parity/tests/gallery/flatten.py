"""A convolution network that ends in Flatten and Dense, and the order of the flattened features."""

from functools import partial

import keras
import torch.nn.functional as F
from keras import layers
from torch import nn

from parity.tests.gallery import Fault, Pair, normal, trained
from parity.tests.gallery.byhand import array, carry


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.fc1 = nn.Linear(4 * 3 * 5, 12)
        self.fc2 = nn.Linear(12, 3)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv(x)), 2)
        x = x.view(x.size(0), -1)
        return self.fc2(F.relu(self.fc1(x)))


def lenet():
    return trained(LeNet())


def keras_lenet(permute=False):
    return keras.Sequential(
        [
            keras.Input((8, 12, 3)),
            layers.Conv2D(4, 3, activation="relu", name="conv"),
            layers.MaxPooling2D(),
            *([layers.Permute((3, 1, 2))] if permute else []),
            layers.Flatten(),
            layers.Dense(12, activation="relu", name="fc1"),
            layers.Dense(3, name="fc2"),
        ]
    )


def reorder(net, model):
    """The rows of the kernel in the order of Keras's features: (c, h, w) -> (h, w, c)."""
    w = array(net.fc1.weight).reshape(12, 4, 3, 5).transpose(2, 3, 1, 0).reshape(-1, 12)
    model.get_layer("fc1").set_weights([w, array(net.fc1.bias)])


def patches():
    """Each channel's picture, flattened, is a token: (n, c, h·w)."""
    net = nn.Sequential()
    net.add_module("conv", nn.Conv2d(3, 4, 2, stride=2))
    net.add_module("flat", nn.Flatten(2))
    net.add_module("fc", nn.Linear(24, 5))
    return trained(net)


def keras_patches(permute=True):
    return keras.Sequential(
        [
            keras.Input((8, 12, 3)),
            layers.Conv2D(4, 2, 2, name="conv"),
            *([layers.Permute((3, 1, 2))] if permute else []),
            layers.Reshape((4, 24)),
            layers.Dense(5, name="fc"),
        ]
    )


def unordered(net, model):
    carry(UNORDERED, net, model)


IMAGE = normal(4, 3, 8, 12)
UNORDERED = Pair(
    "flatten_rows",
    lenet,
    keras_lenet,
    IMAGE,
    weights="loaded",
    loaded=unordered,
    faults=(Fault(("fc1", "fc1"), "CONV-FLATTEN", "weights"),),
)

PAIRS = (
    Pair("flatten", lenet, keras_lenet, IMAGE, by_hand=reorder),
    Pair("flatten_permuted", lenet, partial(keras_lenet, permute=True), IMAGE),
    UNORDERED,
    Pair("reshape", patches, keras_patches, IMAGE),
    # The shapes agree, and every value is another one's.
    Pair(
        "reshape_scrambled",
        patches,
        partial(keras_patches, permute=False),
        IMAGE,
        faults=(Fault(("conv", "fc"), part="between"),),
    ),
)
