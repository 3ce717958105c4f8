"""A cause is named where it is proven, and not where it cannot show."""

import re
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import parity

keras = pytest.importorskip("keras", reason="a port has two frameworks")
torch = pytest.importorskip("torch", reason="a port has two frameworks")

from torch import nn  # noqa: E402  # both are here

from parity.tests.ported import Attends  # noqa: E402


class BothWays(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(6, 4, batch_first=True, bidirectional=True)

    def forward(self, x):
        return self.rnn(x)[0]


class Shifted(keras.layers.GroupNormalization):
    def call(self, x):
        return super().call(x) + 1


def test_a_cure_that_does_not_cure_is_no_cause():
    """Epsilon is another, and something is added too: the cure of one leaves the layer wrong."""

    def shifted():
        return keras.Sequential([keras.Input((8, 6, 8)), Shifted(4, epsilon=1e-3, name="norm")])

    x = np.random.default_rng(0).normal(size=(2, 8, 8, 6))
    report = parity.compare_models(lambda: nn.Sequential(nn.GroupNorm(4, 8)), shifted, x)
    assert [(fault.where, fault.cause) for fault in report.faults] == [(("0", "norm"), "unknown")]
    assert any("GN-EPS" in note for note in report.notes)


def test_a_configuration_that_cannot_show_is_no_cause():
    """Two heads of eight for four of four: `key_dim` differs too, and is not what is wrong."""

    def two_heads():
        x = keras.Input((5, 16))
        return keras.Model(x, keras.layers.MultiHeadAttention(2, 8, name="attn")(x, x))

    report = parity.compare_models(Attends, two_heads, np.random.default_rng(0).normal(size=(3, 5, 16)))
    assert [(fault.where, fault.cause) for fault in report.faults] == [(("attn", "attn"), "unknown")]


def _sized(layer):
    return lambda: keras.Sequential([keras.Input((12, 12, 8)), layer(name="other")])


OTHER_SIZES = {
    "groups 4 in the first, 2 in the second": (
        nn.GroupNorm(4, 8), partial(keras.layers.GroupNormalization, 2, epsilon=1e-5),
    ),
    r"dilation \(2, 2\) in the first, \(1, 1\) in the second": (
        nn.Conv2d(8, 4, 3, padding=2, dilation=2), partial(keras.layers.Conv2D, 4, 3, padding="same"),
    ),
    r"stride \(2, 2\) in the first, \(1, 1\) in the second": (
        nn.Conv2d(8, 4, 3, stride=2), partial(keras.layers.Conv2D, 4, 3),
    ),
    r"window \(3, 3\) in the first, \(2, 2\) in the second": (
        nn.MaxPool2d(3, 2), partial(keras.layers.MaxPooling2D, 2),
    ),
}  # fmt: skip


@pytest.mark.parametrize("note", OTHER_SIZES)
def test_a_size_is_said_where_the_first_models_makes_the_layer_agree(note):
    layer, other = OTHER_SIZES[note]
    x = np.random.default_rng(0).normal(size=(2, 8, 12, 12)).astype("float32")
    report = parity.compare_models(nn.Sequential(layer), _sized(other), x)
    fault = report.first
    assert (fault.where, fault.cause, fault.stated) == (("0", "other"), "unknown", False)
    assert re.fullmatch(note, fault.note)
    assert report.notes == []


def test_every_cause_of_one_layer_has_its_own_note():
    x = np.random.default_rng(0).normal(size=(2, 8, 12, 12)).astype("float32")
    report = parity.compare_models(nn.GroupNorm(4, 8), _sized(partial(keras.layers.GroupNormalization, 2)), x)
    assert {(fault.cause, fault.note) for fault in report.faults} == {
        ("GN-EPS", "epsilon 1e-05 in the first, 0.001 in the second"),
        ("unknown", "groups 4 in the first, 2 in the second"),
    }


def test_hard_gates_are_named_in_both_directions():
    def port():
        gru = keras.layers.GRU(4, return_sequences=True, recurrent_activation="hard_sigmoid")
        return keras.Sequential([keras.Input((5, 6)), keras.layers.Bidirectional(gru, name="rnn")])

    x = np.random.default_rng(0).normal(size=(3, 5, 6)).astype("float32")
    report = parity.compare_models(BothWays, port, x)
    assert [(fault.where, fault.cause) for fault in report.faults] == [(("rnn", "rnn"), "LSTM-HARD")]


def test_every_cause_that_can_be_named_is_in_the_catalogue():
    from parity.divergences import catalogue

    areas = {name.split("-")[0] for name in catalogue() if "-" in name}
    found = set()
    for path in (Path(parity.__file__).parent / "models").glob("*.py"):
        texts = re.findall(r'"([A-Z0-9]+(?:-[A-Z0-9]+)+|PIXSHUF)"', path.read_text())
        found |= {text for text in texts if text.split("-")[0] in areas}
    assert found <= set(catalogue())
    assert {"BN-EPS", "OPT-ADAM-EPSHAT", "SAVE-SQUARE"} <= found
