"""Layers of one shape that take the same: which is which is proven by what is made of them, or asked."""

import numpy as np
import pytest

import parity
from parity.models.weights import value

keras = pytest.importorskip("keras", reason="a port has two frameworks")
torch = pytest.importorskip("torch", reason="a port has two frameworks")

from torch import nn  # noqa: E402  # both are here

X = np.random.default_rng(0).normal(size=(5, 6)).astype("float32")


class Gates(nn.Module):
    def __init__(self, act=torch.tanh):
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(6, 8) for _ in range(3))
        self.out, self.act = nn.Linear(8, 2), act

    def forward(self, x):
        q, k, v = self.q(x), self.k(x), self.v(x)
        return self.out(self.act(q) * torch.sigmoid(k) + v)


class KerasGates(keras.Model):
    """The same, called in another order, and with names that tell nothing."""

    def __init__(self, order):
        super().__init__()
        self.order = order
        self.parts = {name: keras.layers.Dense(8, name=f"proj_{i}") for i, name in enumerate("qkv")}
        self.final = keras.layers.Dense(2, name="final")

    def call(self, x):
        made = {name: self.parts[name](x) for name in self.order}
        return self.final(keras.ops.tanh(made["q"]) * keras.ops.sigmoid(made["k"]) + made["v"])


PARTNERS = {"q": "proj_0", "k": "proj_1", "v": "proj_2", "out": "final"}


def built(order):
    model = KerasGates(order)
    model(X)
    return model


@pytest.mark.parametrize("order", ["qkv", "vqk", "kqv"])
@pytest.mark.parametrize("weights", ["copy", "loaded"])
def test_what_is_made_of_siblings_says_which_is_which(order, weights):
    net, model = Gates().eval(), built(order)
    assert parity.copy_weights(net, model, X) == PARTNERS

    def loaded():
        model = built(order)
        parity.copy_weights(net, model, X)
        return model

    port = loaded if weights == "loaded" else lambda: KerasGates(order)
    report = parity.compare_models(net, port, X, weights=weights)
    assert report.agrees, report
    assert {row.first: row.second for row in report.rows} == PARTNERS


def test_siblings_that_nothing_proves_are_asked_for_and_nothing_is_written():
    net, model = Gates(torch.relu).eval(), built("vqk")
    before = [np.array(value(w)) for w in model.weights]
    said = "q, k, v of the first model and proj_2, proj_0, proj_1 of the second .* say which is which by names="
    with pytest.raises(parity.UsageError, match=said):
        parity.copy_weights(net, model, X)
    assert all(np.array_equal(a, value(b)) for a, b in zip(before, model.weights))
    assert parity.copy_weights(net, model, X, names={"q": "proj_0", "k": "proj_1"}) == PARTNERS
    report = parity.compare_models(net, lambda: built("vqk"), X)
    assert [(fault.part, fault.where) for fault in report.faults] == [("between", ("v", "out"))]
    assert any(note.startswith("q, k, v of the first model and proj_2, proj_0, proj_1") for note in report.notes)


class Heads(nn.Module):
    def __init__(self):
        super().__init__()
        self.body, self.mean, self.spread = nn.Linear(6, 8), nn.Linear(8, 3), nn.Linear(8, 3)

    def forward(self, x):
        h = torch.tanh(self.body(x))
        return self.mean(h), self.spread(h)


def keras_heads():
    """The heads are called in the other order, and returned in torch's."""
    x = keras.Input((6,))
    h = keras.layers.Dense(8, activation="tanh", name="features")(x)
    b = keras.layers.Dense(3, name="b")(h)
    return keras.Model(x, [keras.layers.Dense(3, name="a")(h), b])


def test_heads_are_told_apart_by_the_outputs():
    net, model = Heads().eval(), keras_heads()
    assert parity.compare_models(net, keras_heads, X).agrees
    assert parity.copy_weights(net, model, X) == {"body": "features", "mean": "a", "spread": "b"}
