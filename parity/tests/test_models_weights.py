"""A rule for the weights of a layer of one's own."""

import numpy as np
import pytest

import parity

keras = pytest.importorskip("keras", reason="a port has two frameworks")
torch = pytest.importorskip("torch", reason="a port has two frameworks")

from torch import nn  # noqa: E402  # both are here


class TorchScale(nn.Module):
    def __init__(self):
        super().__init__()
        self.gamma = nn.Parameter(torch.tensor([1.0, -2.0, 3.0]))

    def forward(self, x):
        return x * self.gamma.flip(0)


class KerasScale(keras.layers.Layer):
    def build(self, shape):
        self.factor = self.add_weight(shape=shape[-1:], name="factor")

    def call(self, x):
        return x * self.factor


def test_a_rule_is_one_function():
    from parity.models.weights import Slot, weight_rule

    @weight_rule(TorchScale, kind="flipped scale")
    def _(layer):
        return [Slot.of("weight", layer.gamma)]

    @weight_rule(KerasScale, kind="flipped scale")
    def _(layer):
        return [Slot.of("weight", layer.factor, lambda v: v[::-1], lambda w: w[::-1])]

    x = np.ones((2, 3), "float32")
    report = parity.compare_models(TorchScale, lambda: keras.Sequential([keras.Input((3,)), KerasScale()]), x)
    assert report.agrees
    assert [row.first for row in report.rows] == ["the model"]
