"""Layers are paired in an order, and fit before they are in it."""

import numpy as np
import pytest

import parity

keras = pytest.importorskip("keras", reason="a port has two frameworks")
torch = pytest.importorskip("torch", reason="a port has two frameworks")

from torch import nn  # noqa: E402  # both are here

from parity.tests.ported import X  # noqa: E402


class Projections(nn.Module):
    """Three of one shape, side by side."""

    def __init__(self):
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(6, 8) for _ in range(3))

    def forward(self, x):
        q, k, v = self.q(x), self.k(x), self.v(x)
        return torch.cat([v, q, k], 1)


def keras_projections():
    x = keras.Input((6,))
    denses = [keras.layers.Dense(8) for _ in range(3)]
    q, k, v = (dense(x) for dense in denses)
    return keras.Model(x, keras.layers.Concatenate()([v, q, k])), denses


def test_parallel_branches_are_paired_as_they_are_written_and_not_as_keras_runs_them():
    (model, denses), net, x = keras_projections(), Projections().eval(), X.reshape(-1, 6)
    copied = parity.copy_weights(net, model, x)
    assert copied == {name: dense.name for name, dense in zip("qkv", denses)}
    assert all(np.array_equal(a.weight.detach().T, b.kernel) for a, b in zip((net.q, net.k, net.v), denses))
    report = parity.compare_models(net, model, x)  # a copy, which is not built in the order of the user's
    assert report.agrees
    assert {row.first: row.second for row in report.rows} == copied


class Kernels(nn.Module):
    """Convolutions of different kernels side by side, and one that the output does not need."""

    def __init__(self):
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv1d(3, 8, k) for k in (3, 4, 5))
        self.skip = nn.ModuleList(nn.Conv1d(8, c, 1) for c in (16, 16))
        self.out = nn.ModuleList(nn.Conv1d(8, 8, 1) for _ in range(2))

    def forward(self, x):
        a, b, c = (conv(x).mean(2, keepdim=True) for conv in self.convs)
        total, y = 0, a + b * c
        for out, skip in zip(self.out, self.skip):
            total, y = total + skip(y), torch.tanh(out(y))
        return total


def keras_kernels():
    """Called from the largest kernel to the smallest, and without the last `out`."""
    x = keras.Input((9, 3))
    mean = keras.layers.GlobalAveragePooling1D(keepdims=True)
    c, b, a = (mean(keras.layers.Conv1D(8, k)(x)) for k in (5, 4, 3))
    y = a + b * c
    first = keras.layers.Conv1D(16, 1, name="skip_0")(y)
    y = keras.layers.Conv1D(8, 1, activation="tanh", name="out_0")(y)
    return keras.Model(x, first + keras.layers.Conv1D(16, 1, name="skip_1")(y))


def test_partners_fit_before_they_are_in_order():
    report = parity.compare_models(Kernels().eval(), keras_kernels(), X[:, :, :, 0].repeat(2, 2)[:, :, :9])
    assert report.agrees, report
    assert any("out.1 (convolution) of the first model has no partner" in note for note in report.notes)
