"""Weights that are judged as they are; and a model that fails, in its middle or by a NaN."""

import numpy as np
import pytest

import parity
from parity.models.weights import value

keras = pytest.importorskip("keras", reason="a port has two frameworks")
torch = pytest.importorskip("torch", reason="a port has two frameworks")

from torch import nn  # noqa: E402  # both are here

layers = keras.layers
X = np.random.default_rng(0).normal(size=(4, 6)).astype("float32")


def net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 2)).eval()


def loaded(model, reference=None):
    """The port with the reference's weights, and the square matrix of its second layer as it was in torch."""
    parity.copy_weights(reference or net(), model, X)
    kernel = model.get_layer("b").kernel
    kernel.assign(value(kernel).T)
    return model


def test_the_transposed_matrix_of_a_pointwise_convolution_is_found():
    conv = nn.Conv2d(8, 8, 1)
    model = keras.Sequential([keras.Input((3, 5, 8)), layers.Conv2D(8, 1, name="conv")])
    model.get_layer("conv").set_weights([value(conv.weight).transpose(2, 3, 0, 1), value(conv.bias)])
    x = np.random.default_rng(0).normal(size=(2, 8, 3, 5)).astype("float32")
    report = parity.compare_models(nn.Sequential(conv), model, x, weights="loaded")
    assert [(fault.where, fault.cause) for fault in report.faults] == [(("0", "conv"), "SAVE-SQUARE")]


@pytest.mark.parametrize(("kept", "left_out"), [("bias_ih_l0", "hidden"), ("bias_hh_l0", "input")])
def test_the_bias_of_a_recurrence_that_is_left_out_is_named(kept, left_out):
    lstm = nn.LSTM(6, 4, batch_first=True)
    model = keras.Sequential([keras.Input((5, 6)), layers.LSTM(4, return_sequences=True, name="rnn")])
    kernels = [value(w).T for w in (lstm.weight_ih_l0, lstm.weight_hh_l0)]
    model.get_layer("rnn").set_weights([*kernels, value(getattr(lstm, kept))])
    x = np.random.default_rng(0).normal(size=(3, 5, 6)).astype("float32")
    report = parity.compare_models(Sequence(lstm), model, x, weights="loaded")
    assert [(fault.cause, fault.note) for fault in report.faults] == [("LSTM-BIAS", f"the {left_out} bias is left out")]


class Sequence(nn.Module):
    def __init__(self, rnn):
        super().__init__()
        self.rnn = rnn

    def forward(self, x):
        return self.rnn(x)[0]


def port(*between):
    inner = [layers.Dense(8, name="b"), *between, layers.ReLU(name="3")]
    return keras.Sequential([keras.Input((6,)), layers.Dense(8, activation="relu", name="a"), *inner, layers.Dense(2)])


def test_a_layer_with_wrong_weights_is_said_to_round_no_more_than_float32():
    report = parity.compare_models(net, lambda: loaded(port()), X, weights="loaded")
    assert [(fault.where, fault.cause) for fault in report.faults] == [(("2", "b"), "SAVE-SQUARE")]
    wrong = next(row for row in report.rows if row.second == "b")
    assert (wrong.note, wrong.isolated_float32 <= parity.LIMIT < wrong.propagated_float32) == ("", True)
    assert "rounds more" not in str(report)


def test_wrong_weights_are_not_forgotten_where_activations_are_no_partners_after_all():
    """The activation gets twice what its partner gets, so it is taken apart, and the model runs once more."""
    report = parity.compare_models(net, lambda: loaded(port(layers.Rescaling(2.0))), X, weights="loaded")
    assert {(fault.part, fault.cause) for fault in report.faults} == {
        ("weights", "SAVE-SQUARE"),
        ("between", "unknown"),
    }


class Failing(keras.Model):
    """It fails behind its second layer, so it is never whole."""

    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = layers.Dense(8, name="a"), layers.Dense(8, name="b"), layers.Dense(2, name="c")

    def call(self, x):
        x = self.b(keras.ops.relu(self.a(x)))
        raise ValueError("out of order")


def test_a_model_that_fails_before_it_is_built_is_compared_until_then():
    report = parity.compare_models(net, Failing, X)
    assert [(row.second, row.isolated <= parity.LIMIT) for row in report.rows] == [("a", True), ("b", True)]
    assert [fault.part for fault in report.faults] == ["error"]
    assert report.faults[0].note == "the second model raises in or after b: ValueError: out of order"


class Divided(layers.Layer):
    def call(self, x):
        return x / (x - x)


class DividedNorm(layers.BatchNormalization):
    def call(self, x, training=None):
        return super().call(x, training=training) * float("nan")


def test_a_nan_of_the_second_models_first_layer_is_said():
    report = parity.compare_models(net, lambda: keras.Sequential([keras.Input((6,)), Divided(), *port().layers]), X)
    assert [(fault.place, fault.note) for fault in report.faults] == [
        ("between input and 0", "a NaN or an infinity reaches it")
    ]

    def norm():
        return keras.Sequential([keras.Input((6,)), DividedNorm(epsilon=1e-5, name="norm")])

    report = parity.compare_models(lambda: nn.Sequential(nn.BatchNorm1d(6)).eval(), norm, X)
    assert [(fault.place, fault.note) for fault in report.faults] == [("0 / norm", "it returns a NaN or an infinity")]


class Logged(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, 2)

    def forward(self, x):
        return self.fc(torch.log(x))


def test_a_nan_of_the_first_model_is_said_where_it_begins():
    with pytest.raises(parity.UsageError, match=r"^fc of the first model gets a NaN$"):
        parity.compare_models(Logged, port, X)


def test_a_nan_in_loaded_weights_is_said_by_name():
    model = port()
    kernel = model.get_layer("a").kernel
    kernel.assign(np.full((6, 8), np.nan))
    with pytest.raises(parity.UsageError, match=r"^a/kernel of the second model has a NaN or an infinity$"):
        parity.compare_models(net, model, X, weights="loaded")
