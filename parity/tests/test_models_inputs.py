"""Several inputs: each as an argument, or all in one that the model unpacks."""

import numpy as np
import pytest

import parity

keras = pytest.importorskip("keras", reason="a port has two frameworks")
torch = pytest.importorskip("torch", reason="a port has two frameworks")

from torch import nn  # noqa: E402  # both are here

RNG = np.random.default_rng(0)
X, Y = (RNG.normal(size=(4, n)).astype("float32") for n in (6, 5))


class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(6, 3), nn.Linear(5, 3)

    def forward(self, x, y):
        return self.a(x) + self.b(y)


class Unpacking(Two):
    def forward(self, v):
        return super().forward(*v)


class KerasTwo(keras.Model):
    def __init__(self):
        super().__init__()
        self.a, self.b = keras.layers.Dense(3, name="a"), keras.layers.Dense(3, name="b")

    def call(self, x, y, training=False):
        return self.a(x) + self.b(y)


class KerasUnpacking(KerasTwo):
    def call(self, v, training=False):
        x, y = v
        return super().call(x, y)


class KerasNamed(KerasTwo):
    def call(self, v):
        return super().call(v["x"], v["y"])


@pytest.mark.parametrize("first", [Two, Unpacking])
@pytest.mark.parametrize("second", [KerasTwo, KerasUnpacking])
def test_a_model_may_take_its_inputs_in_one(first, second):
    report = parity.compare_models(first, second, (X, Y), train=True)
    assert report.agrees, report
    model = second()
    assert parity.copy_weights(first(), model, (X, Y)) == {"a": "a", "b": "b"}


def test_named_inputs_come_in_one_dictionary_where_the_model_takes_no_such_names():
    assert parity.compare_models(Two, KerasNamed, {"x": X, "y": Y}).agrees


def test_functions_of_one_and_of_several():
    def one(v):
        return v[0].sum(1) + v[1].sum(1)

    assert parity.compare_models(one, lambda a, b: a.sum(1) + b.sum(1), (X, Y)).agrees


class TimeFirst(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.LSTM(6, 4)

    def forward(self, x):
        return self.rnn(x)[0]


def test_a_sequence_that_begins_with_time_is_turned_for_keras():
    def port():
        return keras.Sequential([keras.Input((None, 6)), keras.layers.LSTM(4, return_sequences=True, name="rnn")])

    report = parity.compare_models(TimeFirst, port, np.random.default_rng(0).normal(size=(5, 3, 6)))
    assert report.agrees, report
