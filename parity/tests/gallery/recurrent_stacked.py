"""LSTM and GRU in stacks and in both directions: one module in torch is several layers in Keras."""

from functools import partial

import keras
from keras import layers
from torch import nn

from parity.tests.gallery import Fault, Pair, normal, trained
from parity.tests.gallery.byhand import recurrent
from parity.tests.gallery.recurrent import last


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


X = normal(3, 6, 5)

PAIRS = (
    Pair("lstm_stacked", partial(last, nn.LSTM, num_layers=2), keras_stacked, X, by_hand=stack),
    Pair("gru_both_directions_stacked", tagger, keras_tagger, X, by_hand=directions),
    # The backward direction's last state has read everything in Keras, and one step in torch's y[:, -1].
    Pair(
        "last_of_both_directions",
        partial(last, nn.LSTM, bidirectional=True),
        keras_both,
        X,
        faults=(Fault(("rnn", "fc"), "LSTM-BI", "between"),),
    ),
)
