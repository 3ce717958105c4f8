"""Two models of a user's own: the ways in, what is refused, and that nothing of the user's is changed."""

import random

import numpy as np
import pytest

import parity
from parity.models.weights import value

keras = pytest.importorskip("keras", reason="a port has two frameworks")
torch = pytest.importorskip("torch", reason="a port has two frameworks")

from torch import nn  # noqa: E402  # both are here

from parity.tests.ported import FLAT, LAST, Attends, X, keras_net, torch_net  # noqa: E402


def everything(net, model):
    """All that a comparison must leave as it is."""
    return {
        "weights": [np.array(value(w)) for w in (*net.state_dict().values(), *model.weights)],
        "flags": [module.training for module in net.modules()],
        "frozen": [p.requires_grad for p in net.parameters()],
        "gradients": [p.grad for p in net.parameters()],
        "hooks": [len(module._forward_hooks) + len(module._forward_pre_hooks) for module in net.modules()],
        "call": keras.layers.Layer.__call__,
        "dtypes": [str(p.dtype) for p in net.parameters()] + [v.dtype for v in model.weights],
        "floatx": (keras.config.floatx(), keras.config.dtype_policy().name, torch.get_default_dtype()),
        "torch": torch.get_rng_state().numpy(),
        "numpy": np.random.get_state()[1],  # noqa: NPY002
        "python": random.getstate(),
        "activation": [getattr(layer, "activation", None) for layer in model.layers],
        "epsilon": [getattr(layer, "epsilon", None) for layer in model.layers],
        "fast path": torch.backends.mha.get_fastpath_enabled(),
    }


def assert_same(before, after):
    for what, there in before.items():
        for a, b in zip(there, after[what]) if isinstance(there, list) else [(there, after[what])]:
            assert np.array_equal(a, b) if isinstance(a, np.ndarray) else a == b, what


@pytest.mark.parametrize("epsilon", [1e-5, 1e-3])
def test_nothing_of_the_users_is_changed(epsilon):
    net, model = torch_net(), keras_net(epsilon)
    net.train()
    net[0].weight.requires_grad_(False)
    before = everything(net, model)
    report = parity.compare_models(net, model, X, train=True)
    assert report.agrees is False  # in train mode the variance is another
    assert_same(before, everything(net, model))


def test_a_model_that_raises_in_its_middle_is_compared_until_then():
    def failing():
        x = keras.Input((8, 6, 3))
        y = keras.layers.BatchNormalization(epsilon=1e-3, name="bn")(keras.layers.Conv2D(8, 3, padding="same")(x))
        model = keras.Model(x, Switch(name="switch")(y))
        model.layers[-1].on = True
        return model

    class Switch(keras.layers.Layer):
        on = False

        def call(self, x):
            if self.on:
                raise ValueError("out of order")
            return x

    net, model = torch_net(), keras_net()
    before = everything(net, model)
    report = parity.compare_models(net, failing, X)
    assert [fault.cause for fault in report.faults if fault.part == "output"] == ["BN-EPS"]
    assert "out of order" in report.faults[-1].note
    assert_same(before, everything(net, model))


def test_weights_that_do_not_fit_are_said_with_both_names_and_shapes():
    def wide():
        return keras.Sequential([keras.Input((6,)), keras.layers.Dense(7, name="fc")])

    report = parity.compare_models(lambda: nn.Linear(6, 5), wide, FLAT)
    assert "(5, 6)" in report.first.note
    assert "(7, 6) in fc" in report.first.note


def test_an_output_without_a_partner_is_a_fault():
    def two(x):
        return x, 2 * x

    for first, second, which in ((two, lambda x: x, "first"), (lambda x: (x,), two, "second")):
        report = parity.compare_models(first, second, FLAT)
        assert [(fault.part, fault.first) for fault in report.faults] == [("pairing", "output 1")]
        assert f"the {which} model alone" in str(report)


def test_a_nan_of_the_second_model_is_a_fault_of_its_layer():
    def broken():
        x = keras.Input((8, 6, 3))
        y = keras.layers.Conv2D(8, 3, padding="same", name="conv")(x)
        return keras.Model(x, keras.layers.Activation(lambda a: a / (a - a), name="relu")(y))

    report = parity.compare_models(lambda: nn.Sequential(*torch_net()[:1], nn.ReLU()), broken, X)
    assert [(fault.where, fault.units) for fault in report.faults] == [(("1", "relu"), np.inf)]


def test_either_side_may_be_the_other_framework_the_same_or_a_function():
    net, model = torch_net(), keras_net()
    parity.copy_weights(net, model)
    assert parity.compare_models(model, net, LAST).agrees
    assert parity.compare_models(net, torch_net(), X).agrees
    w, b = (p.detach().double().numpy() for p in net[4].parameters())
    features = np.abs(np.random.default_rng(1).normal(size=(4, w.shape[1]))).astype("float32")
    assert parity.compare_models(lambda: net[4], lambda x: x @ w.T.astype(x.dtype) + b.astype(x.dtype), features).agrees


def test_a_layer_that_is_called_twice_is_compared_twice():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(6, 6)

        def forward(self, x):
            return self.fc(torch.tanh(self.fc(x)))

    def twice():
        x, fc = keras.Input((6,)), keras.layers.Dense(6, name="fc")
        return keras.Model(x, fc(keras.ops.tanh(fc(x))))

    report = parity.compare_models(Twice, twice, FLAT)
    assert report.agrees
    assert [row.first for row in report.rows] == ["fc", "fc (call 2)"]


def test_what_is_allowed_is_listed_and_is_no_fault():
    def right():
        model = keras_net()
        model.get_layer("bn").momentum = 0.9
        return model

    report = parity.compare_models(torch_net, right, X, train=True, allow=("BN-VAR",))
    assert report.agrees
    assert [fault.cause for fault in report.allowed] == ["BN-VAR"]
    assert "allowed: 1 / bn [buffers]" in str(report)
    assert report.verdict() == "They agree but for what is allowed: BN-VAR."
    report = parity.compare_models(torch_net, keras_net, X, train=True, allow="BN-VAR")
    assert [fault.cause for fault in report.faults] == ["BN-MOM"]
    with pytest.raises(parity.UsageError, match="unknown divergence 'BN-VRA'; did you mean 'BN-VAR'"):
        parity.compare_models(torch_net, right, X, allow=("BN-VRA",))


def test_what_is_not_proven_is_not_allowed():
    def wide_heads():
        x = keras.Input((5, 16))
        return keras.Model(x, keras.layers.MultiHeadAttention(4, 16, name="attn")(x, x))

    x = np.random.default_rng(0).normal(size=(3, 5, 16))
    report = parity.compare_models(Attends, wide_heads, x, allow="MHA-KEYDIM")
    assert [(fault.cause, fault.stated) for fault in report.faults] == [("MHA-KEYDIM", True)]


def test_no_note_says_unseen_of_what_is_a_fault():
    report = parity.compare_models(torch_net, keras_net, X, train=True)
    assert {fault.cause for fault in report.faults} == {"BN-MOM", "BN-VAR"}
    assert not any("BN-" in note for note in report.notes)
    assert any("unseen here: BN-MOM" in note for note in parity.compare_models(torch_net, keras_net, X).notes)
