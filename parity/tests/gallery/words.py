"""Embeddings: a row of padding, a mask that goes on by itself, and a table that is used twice."""

from functools import partial

import keras
import torch
from keras import layers, ops
from torch import nn

from parity.tests.gallery import Fault, Pair, integers, trained
from parity.tests.gallery.byhand import array, carry


class Bag(nn.Module):
    """The mean of the words that are no padding, or of all."""

    def __init__(self, every=False):
        super().__init__()
        self.every = every
        self.table = nn.Embedding(11, 6, padding_idx=0)
        self.fc = nn.Linear(6, 3)

    def forward(self, ids):
        there = (ids >= 0 if self.every else ids != 0).unsqueeze(-1)
        return self.fc(self.table(ids).sum(1) / there.sum(1).clamp(min=1))


class Reader(nn.Module):
    """The mean over time of an LSTM, or of the words, padding and all."""

    def __init__(self, lstm=True):
        super().__init__()
        self.table = nn.Embedding(11, 6)
        self.rnn = nn.LSTM(6, 6, batch_first=True) if lstm else None
        self.fc = nn.Linear(6, 3)

    def forward(self, ids):
        x = self.table(ids)
        return self.fc(self.rnn(x)[0][:, -1] if self.rnn else x.mean(1))


class Tied(nn.Module):
    """A language model whose logits are products with its own table."""

    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(11, 6)
        self.fc = nn.Linear(6, 6)
        self.logits = nn.Linear(6, 11, bias=False)
        self.logits.weight = self.table.weight

    def forward(self, ids):
        return self.logits(torch.tanh(self.fc(self.table(ids))))


def bag(every=False):
    return trained(Bag(every))


def keras_bag(mask=True):
    ids = keras.Input((7,), dtype="int32")
    x = layers.Embedding(11, 6, mask_zero=mask, name="table")(ids)
    return keras.Model(ids, layers.Dense(3, name="fc")(layers.GlobalAveragePooling1D()(x)))


def reader(lstm=True):
    return trained(Reader(lstm))


def keras_reader(lstm=True, mask=False):
    ids = keras.Input((7,), dtype="int32")
    x = layers.Embedding(11, 6, mask_zero=mask, name="table")(ids)
    x = layers.LSTM(6, name="rnn")(x) if lstm else layers.GlobalAveragePooling1D(name="pool")(x)
    return keras.Model(ids, layers.Dense(3, name="fc")(x))


def tied():
    return trained(Tied())


class KerasTied(keras.Model):
    def __init__(self):
        super().__init__()
        self.table = layers.Embedding(11, 6, name="table")
        self.fc = layers.Dense(6, activation="tanh", name="fc")

    def call(self, ids):
        return ops.matmul(self.fc(self.table(ids)), ops.transpose(self.table.embeddings))


def padded(rng):
    """Rows of words, from one to all of them, that end in zeros."""
    ids = integers(10, 4, 7)(rng) + 1
    for row, length in zip(ids, (7, 5, 2, 1)):
        row[length:] = 0
    return ids


def first_row_forgotten(net, model):
    """All rows but that of the padding, which stays as it was drawn."""
    carry(FORGOTTEN, net, model)
    table = model.get_layer("table")
    w = array(net.table.weight).copy()
    w[0] = 0.05
    table.set_weights([w])


FORGOTTEN = Pair(
    "padding_loaded",
    partial(bag, True),
    partial(keras_bag, False),
    padded,
    weights="loaded",
    loaded=first_row_forgotten,
    faults=(Fault(("table", "table"), "INIT-PADIDX", "weights"),),
)

PAIRS = (
    FORGOTTEN,
    # The table's first row has no gradient in torch.
    Pair(
        "padding_trained",
        partial(bag, True),
        partial(keras_bag, False),
        padded,
        train=True,
        faults=(Fault(("table", "table"), "INIT-PADIDX", "gradients"),),
    ),
    Pair("embedding_padded", bag, keras_bag, padded),
    Pair("lstm_over_padding", reader, keras_reader, padded),
    Pair("tied", tied, KerasTied, integers(11, 3, 5)),
    # Keras's LSTM stops at the padding, torch's goes on.
    Pair(
        "mask_zero",
        reader,
        partial(keras_reader, mask=True),
        padded,
        faults=(Fault(("rnn", "rnn"), "MASK-ZERO", "call"),),
    ),
    Pair(
        "mask_mean",
        partial(reader, False),
        partial(keras_reader, False, True),
        padded,
        faults=(Fault(("table", "fc"), "MASK-POOL", "between"),),
    ),
)
