"""What cannot be compared is refused in one line."""

import numpy as np
import pytest

import parity
from parity.models.memory import available

keras = pytest.importorskip("keras", reason="a port has two frameworks")
torch = pytest.importorskip("torch", reason="a port has two frameworks")

from torch import nn  # noqa: E402  # both are here

from parity.tests.ported import FLAT, X, keras_net, torch_net  # noqa: E402


def noisy(x):
    return x + np.random.default_rng().normal(size=x.shape)


class Dropped(nn.Module):
    def forward(self, x):
        return nn.functional.dropout(x, 0.5, training=True)


class Unbuildable(keras.Model):
    def __init__(self, width):
        super().__init__()
        self.fc = keras.layers.Dense(width.value)

    def call(self, x):
        return self.fc(x)


class Width:
    value = 5


class DroppedInKeras(keras.Model):
    def __init__(self):
        super().__init__()
        self.fc, self.drop = keras.layers.Dense(5, name="fc"), keras.layers.Dropout(0.5, name="drop")

    def call(self, x):
        return self.drop(self.fc(x), training=True)


def with_nan():
    net = torch_net()
    with torch.no_grad():
        net[0].bias[1] = float("nan")
    return net


def unbuildable():
    model = Unbuildable(Width())
    model(np.zeros((2, 6), "float32"))
    return model


def nothing():
    return None


def nothing_of(x):
    return None


def with_a_width(width):
    return nn.Linear(6, 5)


class Stops(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, 5)

    def forward(self, x):
        raise ValueError(f"out of order: {self.fc(x).shape[-1]}")


class Silent(nn.Module):
    def forward(self, x):
        return None


REFUSED = {
    "builders of nothing": (nothing, nothing, X, "what nothing returns is NoneType: a model is due"),
    "functions of nothing": (nothing_of, nothing_of, X, "nothing_of returns NoneType: an array is due"),
    "a builder with an argument": (with_a_width, with_a_width, FLAT, "with_a_width .* build it without arguments"),
    "integers for a layer of real numbers": (
        lambda: nn.Linear(6, 5),
        keras_net,
        FLAT.astype("int32"),
        "you gave: x is of int32",
    ),
    "real numbers for token ids": (lambda: nn.Embedding(6, 5), keras_net, FLAT, "you gave: x is of real numbers"),
    "no output": (Silent, Silent, FLAT, "first model returns no tensor"),
    "no output in the second": (nn.Identity, Silent, FLAT, "second model returns no tensor"),
    "dropout left on": (Dropped, keras_net, X, "not the same in two runs"),
    "dropout left on in the second": (
        lambda: nn.Linear(6, 5),
        DroppedInKeras,
        FLAT,
        "second model's output is not .* part in drop:",
    ),
    "unseeded noise": (noisy, keras_net, X, "not the same in two runs"),
    "no model": (3, keras_net, X, "a model is due, or a function that builds it"),
    "NaN in the weights": (with_nan, keras_net, X, r"0\.bias of the first model has a NaN"),
    "NaN in the input": (torch_net, keras_net, np.full_like(X, np.nan), "has a NaN or an infinity"),
    "another shape": (torch_net, keras_net, X[:, :2], "the first model fails in 0: RuntimeError"),
    "a failure behind a layer": (Stops, keras_net, FLAT, "the first model fails after fc: ValueError: out of order: 5"),
    "no numbers": (torch_net, keras_net, np.array(["a"]), "real numbers"),
    "never built": (torch_net, None, X, "was never built"),
    "no configuration": (lambda: nn.Linear(6, 5), None, FLAT, "give a function that builds it"),
    "a layer that is none": (torch_net, keras_net, X, "calls no layer 'head'; there is"),
    "a layout that is none": (torch_net, keras_net, X, "layout is 'nwhc': choose from"),
}


INSTANCES = {"never built": lambda: keras.Sequential([keras.layers.Dense(5)]), "no configuration": unbuildable}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_compared_is_refused_in_one_line(case):
    first, second, x, pattern = REFUSED[case]
    second = INSTANCES[case]() if case in INSTANCES else second
    options = {"a layer that is none": {"names": {"head": "fc"}}, "a layout that is none": {"layout": "nwhc"}}
    call, state = keras.layers.Layer.__call__, torch.get_rng_state()
    with pytest.raises(parity.UsageError, match=pattern) as caught:
        parity.compare_models(first, second, x, **options.get(case, {}))
    assert "\n" not in str(caught.value)
    assert keras.layers.Layer.__call__ is call
    assert torch.equal(state, torch.get_rng_state())
    assert keras.config.floatx() == "float32"


def test_a_model_that_does_not_fit_is_refused_with_the_estimate(monkeypatch):
    monkeypatch.setattr("parity.models.memory.available", lambda: 2**20)
    with pytest.raises(parity.UsageError, match=r"million weights needs about [\d.]+ GB, and 0.0 GB are free"):
        parity.compare_models(torch_net, keras_net, X)


def test_a_limit_of_the_control_group_is_what_is_free(monkeypatch, tmp_path):
    monkeypatch.setattr("parity.models.memory.CGROUP", tmp_path)
    (tmp_path / "memory.max").write_text("3000\n")
    (tmp_path / "memory.current").write_text("1000\n")
    assert available() == 2000
