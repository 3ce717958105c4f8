"""Siblings of one shape belong to what feeds them."""

import numpy as np
import pytest

import parity

keras = pytest.importorskip("keras", reason="a port has two frameworks")
torch = pytest.importorskip("torch", reason="a port has two frameworks")

from torch import nn  # noqa: E402  # both are here

from parity.tests.ported import X  # noqa: E402


class Branches(nn.Module):
    """A shortcut that is called last, with a normalisation of the size of the others."""

    def __init__(self):
        super().__init__()
        self.convs = nn.ModuleList([nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(3, 8, 1)])
        self.norms = nn.ModuleList([nn.BatchNorm2d(8) for _ in range(2)])
        rng = np.random.default_rng(0)
        for norm in self.norms:
            norm.running_var.copy_(torch.tensor(rng.uniform(0.5, 2, 8)))

    def forward(self, x):
        y = self.norms[0](self.convs[0](x))
        y += self.norms[1](self.convs[1](x))
        return {"sum": y, "more": y.mean((2, 3))}


def keras_branches(crossed=False):
    layers = keras.layers
    x = keras.Input((8, 6, 3))
    short, long = layers.Conv2D(8, 1, name="a")(x), layers.Conv2D(8, 3, padding="same", name="b")(x)
    norms = [layers.BatchNormalization(epsilon=1e-5 if i else 1e-3 * crossed or 1e-5, name=f"n{i}") for i in range(2)]
    return keras.Model(x, norms[0](short) + norms[1](long))


def test_siblings_belong_to_what_feeds_them():
    report = parity.compare_models(Branches, keras_branches, X)
    assert [(fault.where, fault.part) for fault in report.faults] == [(("output more", ""), "pairing")]
    assert {row.first: row.second for row in report.rows}["norms.1"] == "n0"
    report = parity.compare_models(Branches, lambda: keras_branches(crossed=True), X)
    assert [(fault.where, fault.cause) for fault in report.faults if fault.part != "pairing"] == [
        (("norms.1", "n0"), "BN-EPS")
    ]


def test_an_output_without_a_partner_changes_no_gradient():
    report = parity.compare_models(Branches, keras_branches, X, train=True)
    assert {fault.part for fault in report.faults} == {"buffers", "pairing"}
