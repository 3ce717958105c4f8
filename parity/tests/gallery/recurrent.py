"""LSTM and GRU: one layer and one of its steps, and what becomes of gates and biases."""

from functools import partial

import keras
import numpy as np
from keras import layers
from torch import nn

from parity.tests.gallery import Fault, Pair, normal, trained
from parity.tests.gallery.byhand import array, carry


class Last(nn.Module):
    """A recurrence and a classifier of one of its steps."""

    def __init__(self, rnn, step=-1):
        super().__init__()
        self.rnn = rnn
        self.fc = nn.Linear(rnn.hidden_size * (1 + rnn.bidirectional), 3)
        self.step = step

    def forward(self, x):
        y, _ = self.rnn(x)
        return self.fc(y[:, self.step])


def last(cell, **options):
    return trained(Last(cell(5, 8, batch_first=True, **options)))


def keras_last(layer, **options):
    return keras.Sequential([keras.Input((6, 5)), layer(8, name="rnn", **options), layers.Dense(3, name="fc")])


def keras_first():
    inputs = keras.Input((6, 5))
    y = layers.LSTM(8, return_sequences=True, name="rnn")(inputs)
    return keras.Model(inputs, layers.Dense(3, name="fc")(y[:, 0]))


def gates(net, model):
    """The gates as they lie in torch."""
    carry(GATES, net, model)
    parts = [array(p) for p in net.rnn.parameters()]
    model.get_layer("rnn").set_weights([parts[0].T, parts[1].T, np.stack(parts[2:])])


def one_bias(net, model):
    """The second bias is left out."""
    carry(ONE_BIAS, net, model)
    kernel, inner, _ = model.get_layer("rnn").get_weights()
    model.get_layer("rnn").set_weights([kernel, inner, array(net.rnn.bias_ih_l0)])


X = normal(3, 6, 5)
LSTM, GRU = partial(last, nn.LSTM), partial(last, nn.GRU)
RNN = ("rnn", "rnn")
GATES = Pair(
    "gru_gates",
    GRU,
    partial(keras_last, layers.GRU),
    X,
    weights="loaded",
    loaded=gates,
    faults=(Fault(RNN, "GRU-ORDER", "weights"),),
)
ONE_BIAS = Pair(
    "lstm_one_bias",
    LSTM,
    partial(keras_last, layers.LSTM),
    X,
    weights="loaded",
    loaded=one_bias,
    faults=(Fault(RNN, "LSTM-BIAS", "weights"),),
)

PAIRS = (
    Pair("gru", GRU, partial(keras_last, layers.GRU), X),
    GATES,
    ONE_BIAS,
    Pair(
        "gru_reset_before",
        partial(last, nn.GRU, bias=False),
        partial(keras_last, layers.GRU, reset_after=False, use_bias=False),
        X,
        faults=(Fault(RNN, "GRU-RESET"),),
    ),
    Pair(
        "lstm_hard_gates",
        LSTM,
        partial(keras_last, layers.LSTM, recurrent_activation="hard_sigmoid"),
        X,
        faults=(Fault(RNN, "LSTM-HARD"),),
    ),
    # The step of the sequence that is classified: the last in torch, the first in Keras.
    Pair("first_step", LSTM, keras_first, X, faults=(Fault(("rnn", "fc"), part="between"),)),
)
