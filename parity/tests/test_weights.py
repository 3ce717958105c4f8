"""Checkpoints: loaded by torchvision's names into every framework, and refused with a reason when they do not fit."""

import dataclasses
import pickle
import sys
import types

import numpy as np
import pytest
from safetensors.numpy import save_file

from parity import judge, load, noise_units, run
from parity.frameworks.runtime import runtime
from parity.frameworks.weights import pretrained, state_dict, task_with
from parity.judging.inputs import draw
from parity.judging.verdict import reference_of
from parity.task import UsageError

TASK = load("resnet18_transfer")


@pytest.fixture
def params():
    return draw(TASK, "tiny")[0]


@pytest.fixture
def checkpoint():
    """Other weights of the same shapes, with the head of a thousand classes that torchvision's file has."""
    found = {name: a.astype(np.float32) for name, a in draw(TASK, "tiny", seed=1)[0].items() if name[:3] != "fc."}
    return found | {"fc.weight": np.ones((1000, 32), np.float32), "fc.bias": np.ones(1000, np.float32)}


def test_a_state_dict_replaces_the_trunk_and_leaves_the_new_head(params, checkpoint):
    loaded = pretrained(params, checkpoint, where="file")
    assert np.array_equal(loaded["layer3.0.conv2.weight"], checkpoint["layer3.0.conv2.weight"])
    assert np.array_equal(loaded["fc.weight"], params["fc.weight"])
    assert loaded["conv1.weight"].dtype == np.float64


@pytest.mark.parametrize("suffix", [".safetensors", ".pt"])
def test_one_file_gives_the_same_logits_in_every_framework(framework, checkpoint, tmp_path, suffix):
    path = tmp_path / f"checkpoint{suffix}"
    if suffix == ".safetensors":
        save_file(checkpoint, path)
    else:  # as a user of torch saves a module with torchvision's names
        torch = pytest.importorskip("torch", reason="a .pt file is torch's")
        from impl_torch.resnet18_transfer import ResNet18

        net = ResNet18(width=4, classes=1000)
        net.load_state_dict({name: torch.tensor(a) for name, a in checkpoint.items()})
        torch.save(net.state_dict(), path)
    runtime(framework)
    # A small base; what the exercise states is of its own.
    task = dataclasses.replace(TASK, sizes={**TASK.sizes, "base": TASK.sizes["tiny"]}, known={}, claims={})
    params, batch = draw(task, "base")
    params = pretrained(params, state_dict(task, str(path)), where=str(path))
    outputs = run(task, framework, dtype="float32", size="base", arrays=(params, batch))
    truth = run(task, "numpy", size="base", arrays=({k: np.float32(v) for k, v in params.items()}, batch))
    scale = reference_of(task, "base", "float32").truths["forward/logits"]
    key = "forward/logits"
    assert noise_units(outputs[key], truth[key], noise=scale.noise, peak=scale.peak) <= 30
    seeded = run(task, "numpy", size="base")
    assert noise_units(seeded[key], truth[key], noise=scale.noise, peak=scale.peak) > 300


def test_weights_are_used_at_base_and_seeded_ones_elsewhere(tmp_path):
    base, _ = draw(TASK, "base", seed=2)
    save_file({name: a.astype(np.float32) for name, a in base.items()}, tmp_path / "base.safetensors")
    task = task_with(TASK.name, tuple(TASK.config.items()), str(tmp_path / "base.safetensors"))
    assert np.array_equal(draw(task, "base")[0]["conv1.weight"], np.float32(base["conv1.weight"]))
    assert np.array_equal(draw(task, "tiny")[0]["conv1.weight"], draw(TASK, "tiny")[0]["conv1.weight"])
    assert {row.verdict for row in judge(task, "numpy", dtype="float32", size="base")} <= {"agrees", "exact", "holds"}


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (lambda c: c.pop("layer1.0.conv1.weight"), r"file: the key 'layer1.0.conv1.weight' of shape \(4, 4, 3, 3\) is"),
        (lambda c: c.update({"bn1.bias": np.zeros(7)}), r"'bn1.bias' has shape \(7,\), expected \(4,\)"),
        (lambda c: c.update({"layer5.weight": np.zeros(7)}), "the model has no key 'layer5.weight'"),
        (lambda c: c.update({"bn1.bias": np.zeros(4, complex)}), "'bn1.bias' holds complex128, expected real numbers"),
    ],
)
def test_a_state_dict_that_does_not_fit_is_refused_by_key_and_shapes(params, checkpoint, harm, message):
    harm(checkpoint)
    with pytest.raises(UsageError, match=message):
        pretrained(params, checkpoint, where="file")


def test_counters_of_batches_may_be_missing(params, checkpoint):
    found = {key: a for key, a in checkpoint.items() if "num_batches_tracked" not in key}
    assert pretrained(params, found, where="file")["bn1.num_batches_tracked"] == 0


def test_a_missing_file_is_named():
    with pytest.raises(UsageError, match=r"there is no file nowhere\.pt"):
        state_dict(TASK, "nowhere.pt")


def test_a_truncated_file_is_refused(checkpoint, tmp_path):
    path = tmp_path / "checkpoint.safetensors"
    save_file(checkpoint, path)
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(UsageError, match="is not a complete file of plain tensors"):
        state_dict(TASK, str(path))


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda torch: torch.nn.Linear(2, 3), "is not a complete file of plain tensors: UnpicklingError"),
        (lambda torch: [torch.ones(2)], "is not a plain state_dict"),
        (lambda torch: {"state_dict": {"bn1.bias": torch.ones(4)}}, "is not a plain state_dict"),
    ],
    ids=["a pickled module", "a list", "a state_dict inside another dict"],
)
def test_a_file_without_a_state_dict_is_refused_by_its_name(tmp_path, made, message):
    torch = pytest.importorskip("torch", reason="a .pt file is torch's")
    path = tmp_path / "checkpoint.pt"
    torch.save(made(torch), path)
    with pytest.raises(UsageError, match=rf"checkpoint\.pt {message}"):
        state_dict(TASK, str(path))


def test_a_truncated_file_of_torch_is_refused(checkpoint, tmp_path):
    torch = pytest.importorskip("torch", reason="a .pt file is torch's")
    path = tmp_path / "checkpoint.pt"
    torch.save({name: torch.tensor(a) for name, a in checkpoint.items()}, path)
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(UsageError, match=r"checkpoint\.pt is not a complete file of plain tensors"):
        state_dict(TASK, str(path))


class Evil:
    ran = False

    def __reduce__(self):
        return setattr, (Evil, "ran", True)


def test_unpickling_a_file_runs_no_code(tmp_path):
    pytest.importorskip("torch", reason="a .pt file is torch's")
    path = tmp_path / "evil.pt"
    path.write_bytes(pickle.dumps(Evil()))
    with pytest.raises(UsageError, match=r"evil\.pt"):
        state_dict(TASK, str(path))
    assert not Evil.ran


@pytest.mark.parametrize(
    "error", [OSError("no route to host"), RuntimeError("invalid hash value"), pickle.UnpicklingError("truncated")]
)
def test_a_file_that_torchvision_cannot_get_is_an_error_with_a_remedy(monkeypatch, error):
    class Weights:
        class DEFAULT:
            @staticmethod
            def get_state_dict(progress):
                raise error

    models = types.ModuleType("torchvision.models")
    models.get_model_weights = lambda name: Weights
    monkeypatch.setitem(sys.modules, "torchvision", types.ModuleType("torchvision"))
    monkeypatch.setitem(sys.modules, "torchvision.models", models)
    with pytest.raises(UsageError, match=rf"file for resnet18 cannot be obtained here .*{error}.*give a file instead"):
        state_dict(TASK, "imagenet")


def test_without_torchvision_imagenet_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "torchvision.models", None)
    with pytest.raises(UsageError, match=r"pip install torchvision"):
        state_dict(TASK, "imagenet")
