"""Weights that are written into the other model: both ways, whole or not at all."""

import numpy as np
import pytest

import parity
from parity.models.weights import value

keras = pytest.importorskip("keras", reason="a port has two frameworks")
torch = pytest.importorskip("torch", reason="a port has two frameworks")

from torch import nn  # noqa: E402  # both are here

from parity.tests.ported import LAST, X, keras_net, torch_net  # noqa: E402


def test_weights_go_both_ways():
    net, model, back = torch_net(), keras_net(), torch_net()
    assert parity.copy_weights(net, model) == {"0": "conv", "1": "bn", "4": "fc"}
    assert parity.compare_models(net, model, X, weights="loaded").agrees
    with torch.no_grad():
        for p in back.parameters():
            p.zero_()
    parity.copy_weights(model, back, LAST)
    for a, b in zip(net.state_dict().values(), back.state_dict().values()):
        assert torch.equal(a, b)


def test_a_keras_model_that_was_never_called_is_built_from_x():
    model = keras.Sequential([keras.layers.Conv2D(8, 3, padding="same"), keras.layers.Flatten(), keras.layers.Dense(5)])
    net = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.Flatten(), nn.Linear(8 * 8 * 6, 5))
    assert len(parity.copy_weights(net, model, X)) == 2
    assert parity.compare_models(net, model, X, weights="loaded").agrees


def test_a_copy_that_cannot_be_whole_changes_nothing():
    model = keras.Sequential([keras.Input((8, 6, 3)), keras.layers.Conv2D(8, 3, padding="same", name="conv")])
    before = [np.array(value(v)) for v in model.weights]
    with pytest.raises(parity.UsageError, match=r"^4 \(linear\) of the first model has no partner; give names=$"):
        parity.copy_weights(torch_net(), model)
    assert all(np.array_equal(a, value(b)) for a, b in zip(before, model.weights))
