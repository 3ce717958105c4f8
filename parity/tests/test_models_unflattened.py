"""A layer whose features become an image: weights go both ways, and what is judged in training goes along."""

import numpy as np
import pytest

import parity
from parity.models.weights import value

keras = pytest.importorskip("keras", reason="a port has two frameworks")
torch = pytest.importorskip("torch", reason="a port has two frameworks")

from parity.tests.gallery import unflatten  # noqa: E402  # both are here

X = np.random.default_rng(0).normal(size=(6, 5)).astype("float32")


@pytest.mark.parametrize("norm", [False, True])
def test_weights_go_both_ways(norm):
    net, model = unflatten.generator(norm), unflatten.keras_generator(norm)
    kept = {name: np.array(value(w)) for name, w in net.state_dict().items()}
    assert parity.copy_weights(net, model, X).items() >= {"fc": "fc", "up": "up"}.items()
    assert parity.compare_models(net, model, X, weights="loaded").agrees
    with torch.no_grad():
        for w in net.state_dict().values():
            w.zero_()
    parity.copy_weights(model, net, X)
    assert all(np.array_equal(value(w), kept[name]) for name, w in net.state_dict().items() if "tracked" not in name)
    assert parity.compare_models(model, net, X, weights="loaded").agrees


def test_gradients_and_statistics_are_in_the_order_of_the_features():
    model = unflatten.keras_generator(norm=True)
    model.get_layer("norm").momentum = 0.9
    report = parity.compare_models(unflatten.generator(norm=True), model, X, train=True, allow="BN-VAR")
    assert report.agrees, report
