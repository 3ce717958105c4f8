"""Train mode, and a step of what fits."""

import copy

import numpy as np
import pytest

import parity

keras = pytest.importorskip("keras", reason="a port has two frameworks")
torch = pytest.importorskip("torch", reason="a port has two frameworks")

from torch import nn  # noqa: E402  # both are here

from parity.tests.ported import LAST, X, keras_net, torch_net  # noqa: E402


class Deeper(nn.Module):
    """A layer that is called in train mode alone."""

    def __init__(self):
        super().__init__()
        self.fc, self.more = nn.Linear(4, 4), nn.Linear(4, 4)

    def forward(self, x):
        return self.fc(self.more(x) if self.training else x)


def test_a_model_that_calls_other_layers_in_train_mode_is_accused_of_nothing():
    net = Deeper()
    report = parity.compare_models(net, copy.deepcopy(net), np.ones((2, 4)), train=True)
    assert report.agrees, report
    assert "the first model calls other layers in train mode: they were not compared there" in report.notes


def test_weights_that_do_not_fit_are_said_and_the_rest_takes_its_step():
    def port():
        return keras.Sequential([keras.Input((9, 3)), keras.layers.Conv1D(8, 5, name="a"), keras.layers.Conv1D(4, 1)])

    net = nn.Sequential(nn.Conv1d(3, 8, 3), nn.Conv1d(8, 4, 1)).eval()
    step = (lambda p: torch.optim.SGD(p, 0.5), lambda p: keras.optimizers.SGD(0.25))
    report = parity.compare_models(net, port, X[:, :, :, 0].repeat(2, 2)[:, :, :9], train=True, step=step)
    assert {(fault.where, fault.part) for fault in report.faults} >= {
        (("0", "a"), "weights"),
        (("step", "step"), "step"),
    }
    assert "weight is (8, 3, 3) in 0 and (8, 3, 5) in a" in str(report)


def test_running_statistics_are_explained_from_either_framework():
    """The truth is Keras's variance over n values, and torch's is over n - 1."""
    report = parity.compare_models(keras_net, torch_net, LAST, train=True)
    assert {(fault.part, fault.cause) for fault in report.faults} == {("buffers", "BN-MOM"), ("buffers", "BN-VAR")}


class Detached(nn.Module):
    """No gradient reaches the input."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, 5)

    def forward(self, x):
        return self.fc(x.detach())


def test_a_gradient_of_the_input_in_one_model_alone_is_said():
    def port():
        return keras.Sequential([keras.Input((6,)), keras.layers.Dense(5, name="fc")])

    x = np.random.default_rng(0).normal(size=(4, 6)).astype("float32")
    report = parity.compare_models(Detached, port, x, train=True)
    assert [(fault.part, fault.note) for fault in report.faults] == [
        ("gradients", "input 0 has a gradient in one model alone")
    ]
