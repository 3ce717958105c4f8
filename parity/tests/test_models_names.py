"""Partners by name, of inputs and of layers."""

import numpy as np
import pytest

import parity

keras = pytest.importorskip("keras", reason="a port has two frameworks")
torch = pytest.importorskip("torch", reason="a port has two frameworks")

from torch import nn  # noqa: E402  # both are here


class Positions(keras.layers.Layer):
    """A table of positions as a layer of the user's own, which takes what it is added to."""

    def build(self, shape):
        self.table = self.add_weight(shape=(6, shape[-1]), name="table")

    def call(self, x):
        return keras.ops.broadcast_to(self.table[: x.shape[1]], keras.ops.shape(x))


class Words(nn.Module):
    def __init__(self, activation="tanh"):
        super().__init__()
        self.words, self.positions = nn.Embedding(11, 8), nn.Embedding(6, 8)
        self.activation, self.fc = nn.GELU(activation), nn.Linear(8, 3)
        self.mixed = nn.MultiheadAttention(8, 2, dropout=0.1, batch_first=True)

    def forward(self, ids):
        x = self.words(ids) + self.positions(torch.arange(ids.shape[1])[None])
        return self.fc(self.activation(self.mixed(x, x, x, need_weights=False)[0]))


def keras_words():
    layers = keras.layers
    ids = keras.Input((None,), dtype="int32", name="tokens")
    x = layers.Embedding(11, 8, name="words")(ids)
    x = x + Positions(name="where")(x)
    x = layers.MultiHeadAttention(2, 4, dropout=0.1, name="mixed")(x, x)
    return keras.Model({"tokens": ids}, layers.Dense(3, name="fc")(layers.Activation(approximate, name="gelu")(x)))


def approximate(x):
    return keras.ops.gelu(x, approximate=True)


NAMES = {"ids": "tokens", "positions": "where"}
IDS = {"ids": np.random.default_rng(0).integers(0, 11, (3, 5))}


def test_names_say_partners_of_inputs_and_of_a_layer_of_ones_own():
    report = parity.compare_models(Words, keras_words, IDS, names=NAMES, train=True)
    assert report.agrees, report
    assert report.notes == []  # the attention, whose dropout is inside, is called alike in train mode
    net, model = Words(), keras_words()
    assert parity.copy_weights(net, model, IDS, names=NAMES)["positions"] == "where"
    named = {"ids": "tokens"}
    notes = parity.compare_models(net, keras_words, IDS, names=named).notes
    both = "positions (embedding) of the first model and where (own) of the second"
    assert notes[0] == f"{both} have no partner: give names= if they are each other's"
    with pytest.raises(parity.UsageError, match="has the inputs tokens, and is given ids: say which is which"):
        parity.compare_models(net, keras_words, IDS)


def test_an_activation_is_known_by_what_it_computes():
    report = parity.compare_models(lambda: Words("none"), keras_words, IDS, names=NAMES)
    assert [(fault.where, fault.cause) for fault in report.faults] == [(("activation", "gelu"), "ACT-GELU-DEF")]


def test_layers_of_one_name_in_two_blocks_are_two():
    def blocks():
        inner = [keras.Sequential([keras.Input((4,)), keras.layers.Dense(4, name="fc")], name=f"b{i}") for i in (0, 1)]
        return keras.Sequential([keras.Input((4,)), *inner])

    report = parity.compare_models(lambda: nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4)), blocks, np.ones((2, 4)))
    assert [row.second for row in report.rows] == ["b0/fc", "b1/fc"]
