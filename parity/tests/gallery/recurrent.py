"""LSTM and GRU: stacked, in both directions, with a sequence or its last step, and their gates."""

from functools import partial

import keras
import numpy as np
from keras import layers
from torch import nn

from parity.tests.gallery import Fault, Pair, normal, trained
from parity.tests.gallery.byhand import array, carry, recurrent


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


def keras_stacked():
    return keras.Sequential(
        [
            keras.Input((6, 5)),
            layers.LSTM(8, return_sequences=True, name="lower"),
            layers.LSTM(8, name="upper"),
            layers.Dense(3, name="fc"),
        ]
    )


def stack(net, model):
    for i, name in enumerate(("lower", "upper")):
        model.get_layer(name).set_weights(recurrent(net.rnn, i))


class Tagger(nn.Module):
    """The whole sequence of a stacked recurrence in both directions."""

    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(5, 8, num_layers=2, bidirectional=True, batch_first=True)
        self.fc = nn.Linear(16, 3)

    def forward(self, x):
        return self.fc(self.rnn(x)[0])


def tagger():
    return trained(Tagger())


def both(cell, **options):
    return layers.Bidirectional(cell(8, return_sequences=options.pop("sequences", True)), **options)


def keras_tagger():
    return keras.Sequential(
        [
            keras.Input((6, 5)),
            both(layers.GRU, name="lower"),
            both(layers.GRU, name="upper"),
            layers.Dense(3, name="fc"),
        ]
    )


def keras_both():
    return keras.Sequential(
        [keras.Input((6, 5)), both(layers.LSTM, sequences=False, name="rnn"), layers.Dense(3, name="fc")]
    )


def directions(net, model):
    for i, name in enumerate(("lower", "upper")):
        model.get_layer(name).set_weights([*recurrent(net.rnn, i), *recurrent(net.rnn, i, "_reverse")])


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
    Pair("lstm_stacked", partial(last, nn.LSTM, num_layers=2), keras_stacked, X, by_hand=stack),
    Pair("gru_both_directions_stacked", tagger, keras_tagger, X, by_hand=directions),
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
    # The backward direction's last state has read everything in Keras, and one step in torch's y[:, -1].
    Pair(
        "last_of_both_directions",
        partial(last, nn.LSTM, bidirectional=True),
        keras_both,
        X,
        faults=(Fault(("rnn", "fc"), "LSTM-BI", "between"),),
    ),
)
