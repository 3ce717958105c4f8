"""A U-Net of one level: a skip that is concatenated, and an axis, an order or a scale that is lost."""

from functools import partial

import keras
import torch
import torch.nn.functional as F
from keras import layers
from torch import nn

from parity.tests.gallery import Fault, Pair, normal, trained


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.Conv2d(3, 6, 3, padding=1)
        self.bottom = nn.Conv2d(6, 8, 3, padding=1)
        self.up = nn.ConvTranspose2d(8, 6, 2, stride=2)
        self.out = nn.Conv2d(12, 2, 3, padding=1)

    def forward(self, x):
        skip = F.relu(self.down(x))
        y = F.relu(self.bottom(F.max_pool2d(skip, 2)))
        y = self.up(y) * 0.5
        return self.out(torch.cat([skip, y], dim=1))


def unet():
    return trained(UNet())


def keras_unet(skip_last=False, scale=0.5):
    x = keras.Input((8, 12, 3))
    skip = layers.Conv2D(6, 3, padding="same", activation="relu", name="down")(x)
    y = layers.MaxPooling2D()(skip)
    y = layers.Conv2D(8, 3, padding="same", activation="relu", name="bottom")(y)
    y = layers.Conv2DTranspose(6, 2, 2, name="up")(y)
    y = y * scale if scale else y
    y = layers.Concatenate()([y, skip] if skip_last else [skip, y])
    return keras.Model(x, layers.Conv2D(2, 3, padding="same", name="out")(y))


def keras_first():
    """Keras in torch's layout throughout."""
    first = {"data_format": "channels_first"}
    x = keras.Input((3, 8, 12))
    skip = layers.Conv2D(6, 3, padding="same", activation="relu", name="down", **first)(x)
    y = layers.MaxPooling2D(**first)(skip)
    y = layers.Conv2D(8, 3, padding="same", activation="relu", name="bottom", **first)(y)
    y = layers.Conv2DTranspose(6, 2, 2, name="up", **first)(y)
    y = layers.Concatenate(axis=1)([skip, y * 0.5])
    return keras.Model(x, layers.Conv2D(2, 3, padding="same", name="out", **first)(y))


IMAGE = normal(2, 3, 8, 12)
EDGE = Fault(("up", "out"), part="between")

PAIRS = (
    Pair("unet", unet, keras_unet, IMAGE),
    # TensorFlow convolves in this layout in float32 alone on a CPU: a refusal is an answer too.
    Pair("channels_first", unet, keras_first, IMAGE),
    Pair("concatenated_in_other_order", unet, partial(keras_unet, skip_last=True), IMAGE, faults=(EDGE,)),
    Pair("scale_forgotten", unet, partial(keras_unet, scale=None), IMAGE, faults=(EDGE,)),
)
