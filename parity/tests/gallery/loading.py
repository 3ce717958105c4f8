"""Weights that the user loaded, and what went wrong on the way."""

import keras
import numpy as np
from keras import layers
from torch import nn

from parity.tests.gallery import Fault, Pair, normal, trained
from parity.tests.gallery.byhand import array, carry


class Encoder(nn.Module):
    """A variational encoder: two heads of one shape, a square layer and a normalisation."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 8, 3)
        self.bn = nn.BatchNorm2d(8)
        self.square = nn.Linear(8, 8)
        self.mean = nn.Linear(8, 4)
        self.logvar = nn.Linear(8, 4)

    def forward(self, x):
        x = self.bn(self.conv(x)).relu().mean((2, 3))
        x = self.square(x).tanh()
        return self.mean(x), self.logvar(x)


def encoder():
    return trained(Encoder())


def keras_encoder():
    inputs = keras.Input((7, 9, 2))
    x = layers.Conv2D(8, 3, name="conv")(inputs)
    x = layers.ReLU()(layers.BatchNormalization(epsilon=1e-5, name="bn")(x))
    x = layers.Dense(8, activation="tanh", name="square")(layers.GlobalAveragePooling2D()(x))
    return keras.Model(inputs, [layers.Dense(4, name="mean")(x), layers.Dense(4, name="logvar")(x)])


def loads(net, model):
    carry(LOADED, net, model)


def transposed(net, model):
    loads(net, model)
    model.get_layer("square").set_weights([array(net.square.weight), array(net.square.bias)])


def swapped(net, model):
    loads(net, model)
    mean, logvar = (model.get_layer(name) for name in ("mean", "logvar"))
    ours = mean.get_weights()
    mean.set_weights(logvar.get_weights())
    logvar.set_weights(ours)


def without_bias(net, model):
    loads(net, model)
    conv = model.get_layer("conv")
    conv.set_weights([conv.get_weights()[0], np.zeros(8)])


def mirrored(net, model):
    """(o, i, h, w) turned around to (w, h, i, o)."""
    loads(net, model)
    model.get_layer("conv").set_weights([array(net.conv.weight).T, array(net.conv.bias)])


def statistics(net, model):
    loads(net, model)
    bn = model.get_layer("bn")
    gamma, beta, mean, variance = bn.get_weights()
    bn.set_weights([gamma, beta, variance, np.abs(mean)])


def everything(net, model):
    swapped(net, model)
    model.get_layer("square").set_weights([array(net.square.weight), array(net.square.bias)])


IMAGE = normal(4, 2, 7, 9)
LOADED = Pair("loaded", encoder, keras_encoder, IMAGE, weights="loaded", loaded=loads)


def faulty(loaded, *faults):
    return {"inputs": IMAGE, "weights": "loaded", "loaded": loaded, "faults": faults}


SQUARE = Fault(("square", "square"), "SAVE-SQUARE", "weights")
HEADS = (Fault(("mean", "mean"), part="weights"), Fault(("logvar", "logvar"), part="weights"))
CONV = Fault(("conv", "conv"), part="weights")

PAIRS = (
    LOADED,
    Pair("square_transposed", encoder, keras_encoder, **faulty(transposed, SQUARE)),
    Pair("siblings_swapped", encoder, keras_encoder, **faulty(swapped, *HEADS)),
    Pair("bias_forgotten", encoder, keras_encoder, **faulty(without_bias, CONV)),
    Pair("kernel_mirrored", encoder, keras_encoder, **faulty(mirrored, CONV)),
    Pair("statistics_swapped", encoder, keras_encoder, **faulty(statistics, Fault(("bn", "bn"), "SAVE-BN", "weights"))),
    Pair("three_loaded_wrong", encoder, keras_encoder, **faulty(everything, SQUARE, *HEADS)),
)
