"""The gallery of model pairs: right ports come out clean, and every planted fault is found by place and cause."""

import zlib

import numpy as np
import pytest

import parity
from parity.tests import gallery

# TensorFlow has no convolution of channels first in float64 on a CPU, and the refusal says so.
REFUSED = {"channels_first": "runs as it is, and not in float64"}


@pytest.fixture
def pair(name):
    for framework in ("torch", "keras"):
        pytest.importorskip(framework, reason="a pair has two frameworks")
    return gallery.load(name)


def compared(pair):
    """The report of a pair, whose loaded Keras model is built by a function that loads it too."""
    rng = np.random.default_rng(zlib.crc32(pair.name.encode()))
    x, net, keras_net = pair.inputs(rng), pair.torch_net(), pair.keras_net
    if pair.loaded:

        def keras_net():
            model = pair.keras_net()
            if not model.built:
                model(x)
            pair.loaded(net, model)
            return model

    training = {}
    if pair.targets is not None:
        training = {"loss": pair.loss, "targets": pair.targets(rng), "step": pair.step}
    return parity.compare_models(
        net, keras_net, x, names=pair.names, layout=pair.layout, weights=pair.weights, train=pair.train, **training
    )


@pytest.mark.parametrize("name", gallery.names())
def test_a_pair_is_seen_as_it_is(pair):
    if pair.name in REFUSED:
        with pytest.raises(parity.UsageError, match=REFUSED[pair.name]):
            compared(pair)
        return
    report = compared(pair)
    found = {(fault.where, fault.cause, fault.part) for fault in report.faults}
    assert found == {(fault.where, fault.cause, fault.part) for fault in pair.faults}
    assert report.agrees == (not pair.faults)
