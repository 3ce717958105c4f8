"""An autoencoder's decoder: transposed convolution, upsampling, PReLU and pixel shuffle."""

from functools import partial

import keras
import tensorflow as tf
from keras import layers
from torch import nn

from parity.tests.gallery import Fault, Pair, normal, trained


def decoder(kernel=4, align=False):
    net = nn.Sequential()
    net.add_module("code", nn.Conv2d(3, 8, 3, stride=2, padding=1))
    net.add_module("slope", nn.PReLU(8))
    net.add_module("up", nn.ConvTranspose2d(8, 6, kernel, stride=2, padding=1, output_padding=kernel % 2))
    net.add_module("resize", nn.Upsample(scale_factor=2, mode="bilinear", align_corners=align))
    net.add_module("image", nn.Conv2d(6, 12, 3, padding=1))
    net.add_module("shuffle", nn.PixelShuffle(2))
    net.add_module("last", nn.Conv2d(3, 3, 1))
    return trained(net)


def shuffle(x):
    """torch's order of the channels: (c, r, r), where depth_to_space reads (r, r, c)."""
    _, h, w, c = x.shape
    x = keras.ops.reshape(x, (-1, h, w, c // 4, 2, 2))
    return keras.ops.reshape(keras.ops.transpose(x, (0, 1, 4, 2, 5, 3)), (-1, 2 * h, 2 * w, c // 4))


def keras_decoder(kernel=4, shuffled=shuffle):
    return keras.Sequential(
        [
            keras.Input((8, 12, 3)),
            layers.ZeroPadding2D(1),
            layers.Conv2D(8, 3, 2, name="code"),
            layers.PReLU(shared_axes=[1, 2], name="slope"),
            layers.Conv2DTranspose(6, kernel, 2, padding="same", name="up"),
            layers.UpSampling2D(2, interpolation="bilinear", name="resize"),
            layers.Conv2D(12, 3, padding="same", name="image"),
            layers.Lambda(shuffled, name="shuffle"),
            layers.Conv2D(3, 1, name="last"),
        ]
    )


IMAGE = normal(2, 3, 8, 12)

PAIRS = (
    Pair("decoder", decoder, keras_decoder, IMAGE),
    Pair(
        "transposed_same",
        partial(decoder, 3),
        partial(keras_decoder, 3),
        IMAGE,
        faults=(Fault(("up", "up"), "CONVT-SAME"),),
    ),
    Pair(
        "resize_corners",
        partial(decoder, align=True),
        keras_decoder,
        IMAGE,
        faults=(Fault(("resize", "resize"), "RESIZE-ALIGN"),),
    ),
    Pair(
        "depth_to_space",
        decoder,
        partial(keras_decoder, shuffled=lambda x: tf.nn.depth_to_space(x, 2)),
        IMAGE,
        faults=(Fault(("shuffle", "shuffle"), "PIXSHUF"),),
    ),
)
