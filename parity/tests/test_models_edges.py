"""A wrong tensor between layers."""

import numpy as np
import pytest

import parity

keras = pytest.importorskip("keras", reason="a port has two frameworks")
torch = pytest.importorskip("torch", reason="a port has two frameworks")

from torch import nn  # noqa: E402  # both are here

from parity.tests.ported import X  # noqa: E402


class Skips(nn.Module):
    """What the first layer makes goes on beside every other."""

    def __init__(self):
        super().__init__()
        self.a, self.b, self.c, self.d = nn.Linear(6, 8), nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, 4)

    def forward(self, x):
        y = torch.relu(self.a(x))
        z = torch.tanh(y + self.b(y))
        return self.d(torch.sigmoid(y * z + self.c(z)))


def keras_skips(first, second):
    dense, act = keras.layers.Dense, keras.layers.Activation
    x = keras.Input((6,))
    y = act(first)(dense(8, name="a")(x))
    z = act(second)(y + dense(8, name="b")(y))
    return keras.Model(x, dense(4, name="d")(act("sigmoid")(y * z + dense(8, name="c")(z))))


@pytest.mark.parametrize(
    ("first", "second", "wrong"),
    [("elu", "tanh", ["a"]), ("relu", "softsign", ["b"]), ("elu", "softsign", ["a", "b"])],
)
def test_a_wrong_tensor_is_accused_once_however_far_it_goes(first, second, wrong):
    report = parity.compare_models(Skips().eval(), keras_skips(first, second), X.reshape(-1, 6))
    assert [(fault.part, fault.where[0]) for fault in report.faults] == [("between", name) for name in wrong], report


def test_an_output_of_another_shape_is_the_misfit_of_its_weights_and_no_fault_of_its_own():
    def narrower():
        return keras.Sequential([keras.Input((6,)), keras.layers.Dense(4, name="fc")])

    report = parity.compare_models(lambda: nn.Sequential(nn.Linear(6, 5)), narrower, np.ones((2, 6), "float32"))
    assert [(fault.where, fault.part) for fault in report.faults] == [(("0", "fc"), "weights")]


class Pooled(nn.Module):
    """A pooling, as a function or as a layer, and a layer of each kind behind it."""

    def __init__(self, pool):
        super().__init__()
        self.pool = pool
        self.a, self.b, self.c = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 4, 1), nn.Conv2d(4, 4, 1)
        self.bn = nn.BatchNorm2d(4)

    def forward(self, x):
        return self.c(torch.relu(self.bn(self.b(self.pool(self.a(x))))))


def keras_pooled():
    conv = keras.layers.Conv2D
    x = keras.Input((16, 16, 3))
    y = keras.layers.MaxPooling2D(2, name="pool")(conv(8, 3, padding="same", name="a")(x))
    y = keras.layers.BatchNormalization(epsilon=1e-5, name="bn")(conv(4, 1, name="b")(y))
    return keras.Model(x, conv(4, 1, name="c")(keras.layers.ReLU()(y)))


@pytest.mark.parametrize(("kind", "place"), [("function", "between a and b"), ("layer", "pool")])
def test_an_image_of_another_size_is_one_fault_and_no_layer_behind_it_is_accused(kind, place):
    x = np.random.default_rng(0).normal(size=(2, 3, 16, 16)).astype("float32")
    pool = {"function": lambda x: nn.functional.max_pool2d(x, 3, 2), "layer": nn.MaxPool2d(3, 2)}[kind]
    report = parity.compare_models(Pooled(pool).eval(), keras_pooled, x)
    assert [fault.place for fault in report.faults] == [place]
    assert [row.isolated for row in report.rows if row.first in ("b", "bn", "c")] == [None] * 3
    if kind == "function":
        assert report.first.note == "input (2, 8, 7, 7) in the first, (2, 8, 8, 8) in the second"


class Mean(nn.Module):
    """No step of the sequence is taken, but the mean of all."""

    def __init__(self):
        super().__init__()
        self.rnn, self.fc = nn.LSTM(6, 4, batch_first=True, bidirectional=True), nn.Linear(8, 3)

    def forward(self, x):
        return self.fc(self.rnn(x)[0].mean(1))


def test_the_states_for_a_mean_are_not_called_the_last_step():
    def port():
        rnn = keras.layers.Bidirectional(keras.layers.LSTM(4), name="rnn")
        return keras.Sequential([keras.Input((5, 6)), rnn, keras.layers.Dense(3, name="fc")])

    report = parity.compare_models(Mean, port, np.random.default_rng(0).normal(size=(3, 5, 6)))
    assert [(fault.place, fault.cause) for fault in report.faults] == [("between rnn and fc", "unknown")]
