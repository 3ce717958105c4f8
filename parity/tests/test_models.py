"""Two models of a user's own: the ways in, what is refused, and that nothing of the user's is changed."""

import copy
import json
import random
import re
import sys
from pathlib import Path

import numpy as np
import pytest

import parity
from parity.cli import app
from parity.models.weights import value

keras = pytest.importorskip("keras", reason="a port has two frameworks")
torch = pytest.importorskip("torch", reason="a port has two frameworks")

from torch import nn  # noqa: E402  # both are here

X = np.random.default_rng(0).normal(size=(4, 3, 8, 6)).astype("float32")
LAST = X.transpose(0, 2, 3, 1)


def torch_net():
    net = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 8 * 6, 5)
    )
    rng = np.random.default_rng(0)
    with torch.no_grad():
        for p in net.parameters():
            p.copy_(torch.tensor(rng.normal(size=tuple(p.shape))) / p[0].numel() ** 0.5)
        net[1].running_var.copy_(torch.tensor(rng.uniform(0.5, 2, 8)))
    return net.eval()


def keras_net(epsilon=1e-5):
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((8, 6, 3)), layers.Conv2D(8, 3, padding="same", name="conv"),
            layers.BatchNormalization(epsilon=epsilon, name="bn"), layers.ReLU(name="relu"), layers.Flatten(),
            layers.Dense(5, name="fc"),
        ]
    )  # fmt: skip


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


class Silent(nn.Module):
    def forward(self, x):
        return None


FLAT = np.ones((2, 6), "float32")
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


def test_either_side_may_be_the_other_framework_the_same_or_a_function():
    net, model = torch_net(), keras_net()
    parity.copy_weights(net, model)
    assert parity.compare_models(model, net, LAST).agrees
    assert parity.compare_models(net, torch_net(), X).agrees
    w, b = (p.detach().double().numpy() for p in net[4].parameters())
    features = np.abs(np.random.default_rng(1).normal(size=(4, w.shape[1]))).astype("float32")
    assert parity.compare_models(lambda: net[4], lambda x: x @ w.T.astype(x.dtype) + b.astype(x.dtype), features).agrees


def test_a_cure_that_does_not_cure_is_no_cause():
    """Epsilon and the number of groups are both other ones: the cure of one leaves the layer wrong."""

    def two_groups():
        groups = keras.layers.GroupNormalization(2, epsilon=1e-3, name="norm")
        return keras.Sequential([keras.Input((8, 6, 8)), groups])

    x = np.random.default_rng(0).normal(size=(2, 8, 8, 6))
    report = parity.compare_models(lambda: nn.Sequential(nn.GroupNorm(4, 8)), two_groups, x)
    assert [(fault.where, fault.cause) for fault in report.faults] == [(("0", "norm"), "unknown")]
    assert any("GN-EPS" in note for note in report.notes)


class Attends(nn.Module):
    def __init__(self):
        super().__init__()
        self.attn = nn.MultiheadAttention(16, 4, batch_first=True)

    def forward(self, x):
        return self.attn(x, x, x)[0]


def test_a_configuration_that_cannot_show_is_no_cause():
    """Two heads of eight for four of four: `key_dim` differs too, and is not what is wrong."""

    def two_heads():
        x = keras.Input((5, 16))
        return keras.Model(x, keras.layers.MultiHeadAttention(2, 8, name="attn")(x, x))

    report = parity.compare_models(Attends, two_heads, np.random.default_rng(0).normal(size=(3, 5, 16)))
    assert [(fault.where, fault.cause) for fault in report.faults] == [(("attn", "attn"), "unknown")]


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


def test_the_report_is_a_table_a_frame_and_json():
    report = parity.compare_models(torch_net, lambda: keras_net(1e-3), X)
    assert report.first.where == ("1", "bn")
    assert report.first.cause == "BN-EPS"
    assert "epsilon=1e-5" in report.first.cure
    text = str(report)
    assert "<- first" in text
    assert repr(report) == "<Report: They differ: 1 fault. 1 / bn: BN-EPS>"
    assert "BN-EPS" in text
    frame = report.to_pandas()
    assert list(frame["first"]) == ["0", "1", "2", "4", "output"]
    assert frame["isolated"].iloc[1] > parity.LIMIT > frame["isolated"].iloc[3]
    assert json.loads(report.to_json())["faults"][0]["cause"] == "BN-EPS"
    clean = parity.compare_models(torch_net, keras_net, X)
    assert "rounding alone" in clean.verdict()


def test_a_report_fits_the_terminal_and_lists_faults_that_are_one(monkeypatch):
    from parity.models.report import Fault, Report, Row

    monkeypatch.setenv("COLUMNS", "80")
    names = [f"encoder.layers.{i}.attention.output.norm" for i in range(3)]
    rows = [Row(n, n.replace(".", "/"), 9123.4, 9123.4, 9123.4, 9123.4) for n in names]
    faults = [Fault("output", row.first, row.second, 90, "LN-EPS", "title", "cure") for row in rows]
    lines = str(Report(rows, faults, [Row("output", "")], ["a note " * 20])).splitlines()
    assert max(map(len, lines)) <= 80
    assert [line.rstrip() for line in lines] == lines
    assert any("<- first" in line for line in lines)
    for row in rows:
        assert sum(row.first in line for line in lines) == 2  # in the table and in the list
    assert sum("LN-EPS" in line for line in lines) == 1
    short = str(Report([Row("conv", "conv", 0.0, 1.0, 0.0, 1.0)], [Fault("gradients", "conv", "conv")]))
    assert "conv   conv" in short
    assert "inf" not in short


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


def test_a_recording_is_checked(tmp_path):
    path = tmp_path / "before.safetensors"
    net = torch_net()
    parity.record(net, X, path)
    report = parity.check(net, path)
    assert report.agrees
    assert "They agree: rounding alone" in str(report)
    assert report.notes == []
    with torch.no_grad():
        net[4].bias[0] += 1e-3
    report = parity.check(net, path)
    assert [fault.where for fault in report.faults] == [("4", "4")]
    assert "the weights are not those that were recorded" in report.notes[0]
    with pytest.raises(parity.UsageError, match="does not call the layers"):
        parity.check(torch_net()[:3], path)
    with pytest.raises(parity.UsageError, match="is no recording"):
        parity.check(net, _saved(tmp_path, "w.safetensors", w=np.ones(3)))


def test_modes_are_compared():
    report = parity.compare_modes(keras_net(), LAST, modes=("eager", "graph"))
    assert report.agrees
    assert [row.second for row in report.outputs] == ["eager", "graph"]
    with pytest.raises(parity.UsageError, match="mode 'compiled'"):
        parity.compare_modes(keras_net(), LAST, modes=("compiled",))


def _saved(folder, name, **arrays):
    from safetensors.numpy import save_file

    path = folder / name
    if name.endswith("npz"):
        np.savez(path, **arrays)
    else:
        save_file({key: np.ascontiguousarray(a) for key, a in arrays.items()}, path)
    return path


def test_saved_tensors_are_compared(tmp_path):
    rng = np.random.default_rng(0)
    w, square, bias = rng.normal(size=(3, 4)), rng.normal(size=(5, 5)), rng.normal(size=7)
    a = _saved(tmp_path, "a.npz", w=w, square=square, bias=bias)
    assert parity.compare_tensors(a, _saved(tmp_path, "b.safetensors", w=w.T, square=square, beta=bias)).agrees
    report = parity.compare_tensors(a, _saved(tmp_path, "c.safetensors", w=w + 1e-6, square=square.T, bias=bias))
    assert {fault.first for fault in report.faults} == {"w", "square"}
    assert "equal when transposed" in report.faults[1].note
    assert any("least noise" in note for note in report.notes)
    report = parity.compare_tensors(a, _saved(tmp_path, "e.npz", w=w, other=np.ones(2)))
    assert {fault.where for fault in report.faults} == {("square", ""), ("bias", ""), ("", "other")}
    with pytest.raises(parity.UsageError, match="share no tensor"):
        parity.compare_tensors(a, _saved(tmp_path, "d.npz", other=np.ones(2)))


MINE = """
import keras
import numpy as np
import torch
from parity.tests.test_models import keras_net, torch_net

def shifted():
    return keras_net(1e-3)

def failing():
    raise RuntimeError("no such weights")

torch_loss = torch.nn.CrossEntropyLoss()
keras_loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
classes = np.array([0, 1, 2, 3])
"""


@pytest.fixture
def mine(tmp_path, monkeypatch):
    path = tmp_path / "mine_of_a_test.py"
    path.write_text(MINE)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield path
    sys.modules.pop("mine_of_a_test", None)


def command(*arguments):
    from typer.testing import CliRunner

    result = CliRunner().invoke(app, ["models", *map(str, arguments)])
    if isinstance(result.exception, parity.UsageError):
        return 2, str(result.exception)
    return result.exit_code, result.output


def test_the_command_compares_two_models_of_a_file(mine, tmp_path):
    file = tmp_path / "report.json"
    code, text = command(f"{mine}:torch_net", f"{mine}:keras_net", "--shape", "4,3,8,6")
    assert (code, "They agree" in text) == (0, True)
    np.savez(tmp_path / "x.npz", x=X)
    code, text = command(
        f"{mine}:torch_net", f"{mine}:shifted", "--input", tmp_path / "x.npz", "--json", file, "--names", "4=fc",
        "--train",
        "--loss", f"{mine}:torch_loss", "--loss", f"{mine}:keras_loss", "--targets", f"{mine}:classes",
    )  # fmt: skip
    assert code == 1
    assert {"BN-EPS", "BN-MOM"} <= {fault["cause"] for fault in json.loads(file.read_text())["faults"]}


def test_the_command_says_what_is_wrong_with_its_arguments(mine, tmp_path):
    first, second = f"{mine}:torch_net", f"{mine}:keras_net"
    broken = tmp_path / "broken_of_a_test.py"
    broken.write_text("import nothing_of_that_name\n")
    np.save(tmp_path / "objects.npy", np.array([{}]), allow_pickle=True)
    for arguments, pattern in (
        ((first, second), "give the input"),
        ((first, second, "--shape", "4,3,8,6", "--allow", "BN-VRA"), "did you mean 'BN-VAR'"),
        ((first, second, "--shape", "4,3,8,6", "--input", tmp_path / "objects.npy"), "both given"),
        ((first, second, "--input", tmp_path / "objects.npy"), "pickled objects are not read"),
        ((first, second, "--shape", "4,three"), "numbers with commas"),
        ((first, f"{mine}:keras_nte", "--shape", "4,3,8,6"), "there is keras_net"),
        ((first, f"{tmp_path}/none.py:net", "--shape", "4,3,8,6"), "there is no file"),
        ((first, f"{broken}:net", "--shape", "4,3,8,6"), "cannot be imported: ModuleNotFoundError"),
        ((first, f"{mine}:failing", "--shape", "4,3,8,6"), "fails: RuntimeError: no such weights"),
        ((first, second, "--shape", "4,3,8,6", "--names", "4"), "FIRST=SECOND"),
        ((first, second, "--shape", "4,3,8,6", "--targets", f"{mine}:classes"), "need --train"),
        ((first,), "two models are compared"),
    ):
        code, text = command(*arguments)
        assert code == 2, arguments
        assert re.search(pattern, text), text


def test_an_error_of_the_users_file_is_shown_by_its_own_frames(mine, tmp_path, capfd):
    from parity.models.imported import module_of

    for text, said, frames in (("def f(:\n", "SyntaxError", 1), ("import no_such_package\n", "ModuleNotFound", 1)):
        broken = tmp_path / "broken_of_a_test.py"
        broken.write_text(text)
        with pytest.raises(parity.UsageError, match=said):
            module_of(str(broken))
        shown = capfd.readouterr().err
        assert "importlib" not in shown
        assert "imported.py" not in shown
        assert shown.count("  File ") == frames


def test_the_command_compares_saved_tensors(tmp_path):
    a, b = _saved(tmp_path, "a.npz", w=np.ones(3)), _saved(tmp_path, "b.npz", w=np.full(3, 2.0))
    assert command("--tensors", a, a)[0] == 0
    assert command("--tensors", a, b)[0] == 1


def test_every_cause_that_can_be_named_is_in_the_catalogue():
    from parity.divergences import catalogue

    areas = {name.split("-")[0] for name in catalogue() if "-" in name}
    found = set()
    for path in (Path(parity.__file__).parent / "models").glob("*.py"):
        texts = re.findall(r'"([A-Z0-9]+(?:-[A-Z0-9]+)+|PIXSHUF)"', path.read_text())
        found |= {text for text in texts if text.split("-")[0] in areas}
    assert found <= set(catalogue())
    assert {"BN-EPS", "OPT-ADAM-EPSHAT", "SAVE-SQUARE"} <= found


class Branches(nn.Module):
    """A shortcut that is called last, with a normalisation of the size of the others."""

    def __init__(self):
        super().__init__()
        self.convs = nn.ModuleList([nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(3, 8, 1)])
        self.norms = nn.ModuleList([nn.BatchNorm2d(8) for _ in range(2)])
        rng = np.random.default_rng(0)
        for norm in self.norms:
            norm.running_var.copy_(torch.tensor(rng.uniform(0.5, 2, 8)))

    def forward(self, x):
        y = self.norms[0](self.convs[0](x))
        y += self.norms[1](self.convs[1](x))
        return {"sum": y, "more": y.mean((2, 3))}


def keras_branches(crossed=False):
    layers = keras.layers
    x = keras.Input((8, 6, 3))
    short, long = layers.Conv2D(8, 1, name="a")(x), layers.Conv2D(8, 3, padding="same", name="b")(x)
    norms = [layers.BatchNormalization(epsilon=1e-5 if i else 1e-3 * crossed or 1e-5, name=f"n{i}") for i in range(2)]
    return keras.Model(x, norms[0](short) + norms[1](long))


def test_siblings_belong_to_what_feeds_them():
    report = parity.compare_models(Branches, keras_branches, X)
    assert [(fault.where, fault.part) for fault in report.faults] == [(("output more", ""), "pairing")]
    assert {row.first: row.second for row in report.rows}["norms.1"] == "n0"
    report = parity.compare_models(Branches, lambda: keras_branches(crossed=True), X)
    assert [(fault.where, fault.cause) for fault in report.faults if fault.part != "pairing"] == [
        (("norms.1", "n0"), "BN-EPS")
    ]


def test_an_output_without_a_partner_changes_no_gradient():
    report = parity.compare_models(Branches, keras_branches, X, train=True)
    assert {fault.part for fault in report.faults} == {"buffers", "pairing"}


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


class Positions(keras.layers.Layer):
    """A table of positions as a layer of the user's own, which takes what it is added to."""

    def build(self, shape):
        self.table = self.add_weight(shape=(6, shape[-1]), name="table")

    def call(self, x):
        return keras.ops.broadcast_to(self.table[: x.shape[1]], keras.ops.shape(x))


class Words(nn.Module):
    def __init__(self, activation="tanh"):
        super().__init__()
        self.words, self.positions = nn.Embedding(11, 8), nn.Embedding(6, 8)
        self.activation, self.fc = nn.GELU(activation), nn.Linear(8, 3)
        self.mixed = nn.MultiheadAttention(8, 2, dropout=0.1, batch_first=True)

    def forward(self, ids):
        x = self.words(ids) + self.positions(torch.arange(ids.shape[1])[None])
        return self.fc(self.activation(self.mixed(x, x, x, need_weights=False)[0]))


def keras_words():
    layers = keras.layers
    ids = keras.Input((None,), dtype="int32", name="tokens")
    x = layers.Embedding(11, 8, name="words")(ids)
    x = x + Positions(name="where")(x)
    x = layers.MultiHeadAttention(2, 4, dropout=0.1, name="mixed")(x, x)
    return keras.Model({"tokens": ids}, layers.Dense(3, name="fc")(layers.Activation(approximate, name="gelu")(x)))


def approximate(x):
    return keras.ops.gelu(x, approximate=True)


NAMES = {"ids": "tokens", "positions": "where"}
IDS = {"ids": np.random.default_rng(0).integers(0, 11, (3, 5))}


def test_names_say_partners_of_inputs_and_of_a_layer_of_ones_own():
    report = parity.compare_models(Words, keras_words, IDS, names=NAMES, train=True)
    assert report.agrees, report
    assert report.notes == []  # the attention, whose dropout is inside, is called alike in train mode
    net, model = Words(), keras_words()
    assert parity.copy_weights(net, model, IDS, names=NAMES)["positions"] == "where"
    named = {"ids": "tokens"}
    notes = parity.compare_models(net, keras_words, IDS, names=named).notes
    both = "positions (embedding) of the first model and where (own) of the second"
    assert notes[0] == f"{both} have no partner: give names= if they are each other's"
    with pytest.raises(parity.UsageError, match="has the inputs tokens, and is given ids: say which is which"):
        parity.compare_models(net, keras_words, IDS)


def test_an_activation_is_known_by_what_it_computes():
    report = parity.compare_models(lambda: Words("none"), keras_words, IDS, names=NAMES)
    assert [(fault.where, fault.cause) for fault in report.faults] == [(("activation", "gelu"), "ACT-GELU-DEF")]


def test_layers_of_one_name_in_two_blocks_are_two():
    def blocks():
        inner = [keras.Sequential([keras.Input((4,)), keras.layers.Dense(4, name="fc")], name=f"b{i}") for i in (0, 1)]
        return keras.Sequential([keras.Input((4,)), *inner])

    report = parity.compare_models(lambda: nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4)), blocks, np.ones((2, 4)))
    assert [row.second for row in report.rows] == ["b0/fc", "b1/fc"]


class Projections(nn.Module):
    """Three of one shape, side by side."""

    def __init__(self):
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(6, 8) for _ in range(3))

    def forward(self, x):
        q, k, v = self.q(x), self.k(x), self.v(x)
        return torch.cat([v, q, k], 1)


def keras_projections():
    x = keras.Input((6,))
    denses = [keras.layers.Dense(8) for _ in range(3)]
    q, k, v = (dense(x) for dense in denses)
    return keras.Model(x, keras.layers.Concatenate()([v, q, k])), denses


def test_parallel_branches_are_paired_as_they_are_written_and_not_as_keras_runs_them():
    (model, denses), net, x = keras_projections(), Projections().eval(), X.reshape(-1, 6)
    copied = parity.copy_weights(net, model, x)
    assert copied == {name: dense.name for name, dense in zip("qkv", denses)}
    assert all(np.array_equal(a.weight.detach().T, b.kernel) for a, b in zip((net.q, net.k, net.v), denses))
    report = parity.compare_models(net, model, x)  # a copy, which is not built in the order of the user's
    assert report.agrees
    assert {row.first: row.second for row in report.rows} == copied


class Kernels(nn.Module):
    """Convolutions of different kernels side by side, and one that the output does not need."""

    def __init__(self):
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv1d(3, 8, k) for k in (3, 4, 5))
        self.skip = nn.ModuleList(nn.Conv1d(8, c, 1) for c in (16, 16))
        self.out = nn.ModuleList(nn.Conv1d(8, 8, 1) for _ in range(2))

    def forward(self, x):
        a, b, c = (conv(x).mean(2, keepdim=True) for conv in self.convs)
        total, y = 0, a + b * c
        for out, skip in zip(self.out, self.skip):
            total, y = total + skip(y), torch.tanh(out(y))
        return total


def keras_kernels():
    """Called from the largest kernel to the smallest, and without the last `out`."""
    x = keras.Input((9, 3))
    mean = keras.layers.GlobalAveragePooling1D(keepdims=True)
    c, b, a = (mean(keras.layers.Conv1D(8, k)(x)) for k in (5, 4, 3))
    y = a + b * c
    first = keras.layers.Conv1D(16, 1, name="skip_0")(y)
    y = keras.layers.Conv1D(8, 1, activation="tanh", name="out_0")(y)
    return keras.Model(x, first + keras.layers.Conv1D(16, 1, name="skip_1")(y))


def test_partners_fit_before_they_are_in_order():
    report = parity.compare_models(Kernels().eval(), keras_kernels(), X[:, :, :, 0].repeat(2, 2)[:, :, :9])
    assert report.agrees, report
    assert any("out.1 (convolution) of the first model has no partner" in note for note in report.notes)


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
