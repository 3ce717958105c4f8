"""A generator and an autoencoder, whose dense layer makes an image: the mirror of Flatten, then Dense."""

from functools import partial

import keras
import torch
from keras import layers
from torch import nn

from parity.tests.gallery import Fault, Pair, normal, trained
from parity.tests.gallery.byhand import array, carry, weights_of


class Generator(nn.Module):
    """x (n, 5) -> (n, 3, 8, 12)."""

    def __init__(self, norm=False):
        super().__init__()
        self.fc = nn.Linear(5, 4 * 4 * 6)
        self.norm = nn.BatchNorm1d(4 * 4 * 6) if norm else nn.Identity()
        self.up = nn.ConvTranspose2d(4, 3, 4, stride=2, padding=1)

    def forward(self, x):
        return torch.tanh(self.up(torch.relu(self.norm(self.fc(x))).view(-1, 4, 4, 6)))


def generator(norm=False):
    return trained(Generator(norm))


def keras_generator(norm=False, permute=False, act="relu"):
    return keras.Sequential(
        [
            keras.Input((5,)),
            layers.Dense(4 * 4 * 6, name="fc"),
            *([layers.BatchNormalization(epsilon=1e-5, name="norm")] if norm else []),
            layers.Activation(act),
            *([layers.Reshape((4, 4, 6)), layers.Permute((2, 3, 1))] if permute else [layers.Reshape((4, 6, 4))]),
            layers.Conv2DTranspose(3, 4, 2, padding="same", activation="tanh", name="up"),
        ]
    )


def reordered(a):
    """Features (c, h, w) on the last axis in Keras's order, (h, w, c)."""
    return a.reshape(*a.shape[:-1], 4, 4, 6).swapaxes(-3, -2).swapaxes(-2, -1).reshape(a.shape)


def reorder(net, model):
    """Columns of the kernel, bias and statistics in the order of Keras's features."""
    for name in ("fc", "norm"):
        if name in {layer.name for layer in model.layers}:
            layer = model.get_layer(name)
            layer.set_weights([reordered(w) for w in weights_of(getattr(net, name), layer)])


def in_order(net, model):
    carry(LOADED, net, model)
    reorder(net, model)


def zero_bias(net, model):
    in_order(net, model)
    up = model.get_layer("up")
    up.set_weights([up.get_weights()[0], 0 * array(net.up.bias)])


def unordered(net, model):
    carry(LOADED, net, model)


LOADED = Pair("unflatten_loaded", generator, keras_generator, normal(4, 5), weights="loaded", loaded=in_order)
ROWS = Fault(("fc", "fc"), "CONV-FLATTEN", "weights")

PAIRS = (
    Pair("unflatten", generator, keras_generator, normal(4, 5), by_hand=reorder),
    Pair("unflatten_norm", partial(generator, True), partial(keras_generator, True), normal(4, 5), by_hand=reorder),
    Pair("unflatten_permuted", generator, partial(keras_generator, permute=True), normal(4, 5)),
    LOADED,
    Pair(
        "unflatten_rows", generator, keras_generator, normal(4, 5), weights="loaded", loaded=unordered, faults=(ROWS,)
    ),
    # The rows are right, and so is all before the wrong activation.
    Pair(
        "unflatten_activation",
        generator,
        partial(keras_generator, act="elu"),
        normal(4, 5),
        weights="loaded",
        loaded=zero_bias,
        faults=(Fault(("fc", "up"), part="between"), Fault(("up", "up"), part="weights")),
    ),
)
