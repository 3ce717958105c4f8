"""A wrong tensor between layers."""

import numpy as np
import pytest

import parity

keras = pytest.importorskip("keras", reason="a port has two frameworks")
torch = pytest.importorskip("torch", reason="a port has two frameworks")

from torch import nn  # noqa: E402  # both are here

from parity.tests.ported import X  # noqa: E402


class Skips(nn.Module):
    """What the first layer makes goes on beside every other."""

    def __init__(self):
        super().__init__()
        self.a, self.b, self.c, self.d = nn.Linear(6, 8), nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, 4)

    def forward(self, x):
        y = torch.relu(self.a(x))
        z = torch.tanh(y + self.b(y))
        return self.d(torch.sigmoid(y * z + self.c(z)))


def keras_skips(first, second):
    dense, act = keras.layers.Dense, keras.layers.Activation
    x = keras.Input((6,))
    y = act(first)(dense(8, name="a")(x))
    z = act(second)(y + dense(8, name="b")(y))
    return keras.Model(x, dense(4, name="d")(act("sigmoid")(y * z + dense(8, name="c")(z))))


@pytest.mark.parametrize(
    ("first", "second", "wrong"),
    [("elu", "tanh", ["a"]), ("relu", "softsign", ["b"]), ("elu", "softsign", ["a", "b"])],
)
def test_a_wrong_tensor_is_accused_once_however_far_it_goes(first, second, wrong):
    report = parity.compare_models(Skips().eval(), keras_skips(first, second), X.reshape(-1, 6))
    assert [(fault.part, fault.where[0]) for fault in report.faults] == [("between", name) for name in wrong], report


def test_an_output_of_another_shape_is_the_misfit_of_its_weights_and_no_fault_of_its_own():
    def narrower():
        return keras.Sequential([keras.Input((6,)), keras.layers.Dense(4, name="fc")])

    report = parity.compare_models(lambda: nn.Sequential(nn.Linear(6, 5)), narrower, np.ones((2, 6), "float32"))
    assert [(fault.where, fault.part) for fault in report.faults] == [(("0", "fc"), "weights")]
