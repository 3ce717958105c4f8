"""`parity models` on the files of a user."""

import json
import re
import sys

import numpy as np
import pytest

import parity
from parity.cli import app

keras = pytest.importorskip("keras", reason="a port has two frameworks")
torch = pytest.importorskip("torch", reason="a port has two frameworks")


from parity.tests.ported import X, saved  # noqa: E402

MINE = """
import keras
import numpy as np
import torch
from parity.tests.ported import keras_net, torch_net

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
    a, b = saved(tmp_path, "a.npz", w=np.ones(3)), saved(tmp_path, "b.npz", w=np.full(3, 2.0))
    assert command("--tensors", a, a)[0] == 0
    assert command("--tensors", a, b)[0] == 1
