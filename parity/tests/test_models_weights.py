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


class Scaled(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, 6)
        self.scale, self.shift = nn.Parameter(torch.full((6,), 2.0)), nn.Parameter(torch.ones(6))

    def forward(self, x):
        return self.fc(x) * self.scale + self.shift


class ScaledInKeras(keras.Model):
    """The same weights of its own, declared in the other order."""

    def __init__(self):
        super().__init__()
        self.fc = keras.layers.Dense(6, name="fc")
        self.shift, self.scale = (self.add_weight(shape=(6,), name=name) for name in ("shift", "scale"))

    def call(self, x):
        return self.fc(x) * self.scale + self.shift


def test_weights_of_the_models_own_are_partners_by_name_before_their_order():
    x = np.random.default_rng(0).normal(size=(4, 6)).astype("float32")
    report = parity.compare_models(Scaled, ScaledInKeras, x)
    assert report.agrees, report
