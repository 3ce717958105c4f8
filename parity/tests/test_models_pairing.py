"""The order in which branches are paired, and what is said of layers that have no partner."""

import numpy as np
import pytest

import parity

keras = pytest.importorskip("keras", reason="a port has two frameworks")
torch = pytest.importorskip("torch", reason="a port has two frameworks")

from torch import nn  # noqa: E402  # both are here

layers = keras.layers
X = np.random.default_rng(0).normal(size=(4, 3, 9)).astype("float32")


class Branches(nn.Module):
    """Three kernels, each with a dense layer of its own; the dense layers are of one shape and take something else."""

    def __init__(self):
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv1d(3, 8, k) for k in (3, 4, 5))
        self.fcs = nn.ModuleList(nn.Linear(8, 8) for _ in range(3))

    def forward(self, x):
        return torch.cat([fc(torch.tanh(conv(x)).mean(2)) for conv, fc in zip(self.convs, self.fcs)], 1)


def keras_branches(written):
    x, made = keras.Input((9, 3)), {}
    for k in written:
        y = layers.Conv1D(8, k, activation="tanh", name=f"kernel_{k}")(x)
        made[k] = layers.Dense(8, name=f"dense_{k}")(keras.ops.mean(y, 1))
    return keras.Model(x, keras.ops.concatenate([made[k] for k in (3, 4, 5)], 1))


@pytest.mark.parametrize("written", [(3, 4, 5), (5, 4, 3), (4, 3, 5)])
def test_branches_are_paired_in_the_order_that_fits_whether_written_or_called(written):
    net, model = Branches().eval(), keras_branches(written)
    report = parity.compare_models(net, model, X)
    assert report.agrees, report
    partners = parity.copy_weights(net, model, X)
    assert [partners[f"fcs.{i}"] for i in range(3)] == ["dense_3", "dense_4", "dense_5"]
    assert parity.compare_models(net, model, X, weights="loaded").agrees


class Tokens(layers.Layer):
    """A token in front, and positions: the model's own weights in torch, a layer's in Keras."""

    def build(self, shape):
        self.first = self.add_weight(shape=(1, 1, shape[-1]), name="first")
        self.positions = self.add_weight(shape=(1, shape[1] + 1, shape[-1]), name="positions")

    def call(self, x):
        first = keras.ops.broadcast_to(self.first, (keras.ops.shape(x)[0], 1, x.shape[-1]))
        return keras.ops.concatenate([first, x], 1) + self.positions


class Sequence(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.positions = (nn.Parameter(torch.randn(1, n, 9)) for n in (1, 4))
        self.fc = nn.Linear(9, 2)

    def forward(self, x):
        return self.fc(torch.cat([self.first.expand(len(x), -1, -1), x], 1) + self.positions)


def keras_sequence():
    return keras.Sequential([keras.Input((3, 9)), Tokens(name="tokens"), layers.Dense(2, name="fc")])


def test_a_layer_whose_weights_are_the_models_own_elsewhere_has_a_partner():
    net, model = Sequence().eval(), keras_sequence()
    report = parity.compare_models(net, model, X)
    assert (report.agrees, report.notes) == (True, [])
    copied = {first: second.rpartition("/")[2] for first, second in parity.copy_weights(net, model, X).items()}
    assert copied == {"fc": "fc", "first": "first", "positions": "positions"}


TOGETHER = "have no partner: give names= if they are each other's"


def test_layers_without_a_partner_are_said_together():
    for first, second, said in (
        (lambda: nn.Sequential(nn.Linear(9, 2), nn.PReLU()), (), "1 (prelu) of the first model has no partner"),
        (lambda: nn.Linear(9, 2), (layers.PReLU(name="b"),), "b (prelu) of the second model has no partner"),
        (
            lambda: nn.Sequential(nn.Linear(9, 2), nn.PReLU()),
            (layers.LayerNormalization(name="b"),),
            f"1 (prelu) of the first model and b (layer_norm) of the second {TOGETHER}",
        ),
    ):
        model = keras.Sequential([keras.Input((3, 9)), layers.Dense(2, name="fc"), *second])
        assert said in parity.compare_models(first, model, X).notes


def test_a_name_that_is_no_layers_is_answered_by_the_nearest_or_by_some():
    net = nn.Sequential(*(nn.Linear(9, 9) for _ in range(7)))
    ports = layers.Dense(9, name="first"), *(layers.Dense(9, name=f"dense_{i}") for i in range(6))
    model = keras.Sequential([keras.Input((9,)), *ports])
    for names, said in (
        ({"encoder": "first"}, r"the first model calls no layer 'encoder'; there is 0, 1, 2, 3, 4 and 2 more$"),
        ({"0": "dense_9"}, r"the second model calls no layer 'dense_9'; there is (dense_\d(, )?){5}$"),
    ):
        with pytest.raises(parity.UsageError, match=said):
            parity.compare_models(net, model, X[:, 0], names=names)
