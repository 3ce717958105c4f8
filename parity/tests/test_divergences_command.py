"""`parity divergences`: found by any word, read from a file that is not run, and checked."""

import io
import json
import math
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from parity import UsageError
from parity.compare import compare_files
from parity.divergences import catalogue, find, of_area
from parity.divergences.apis import entries_for, only_with
from parity.divergences.command import chosen
from parity.divergences.drift import changes
from parity.divergences.report import side_by_side
from parity.divergences.usage import apis_of, arguments_of

MODEL = """
import torch
from torch import nn
import torch.nn.functional as F
import tensorflow as tf
from keras import layers as L
import os.path

raise SystemExit("nothing of this file is run")
net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8))
optimizer = torch.optim.Adam(net.parameters())
y = F.dropout(net(x))
dense, other = tf.keras.layers.Dense(3), L.LSTM(4)
here = os.path.join("torch.nn", "GRU")
"""


@pytest.fixture
def command(here):
    return lambda *args: here("divergences", *args, width=80)


def test_the_index_has_every_entry_and_fits(command):
    code, out, _ = command()
    assert code == 0
    assert set(catalogue()) <= set(out.split())
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["bn-eps"], "BN-EPS"),
        (["epsilon"], "BN-EPS"),
        (["EVAL", "output", "differs"], "BN-MOM"),
        (["BatchNorm2d"], "BN-VAR"),
        (["keras.layers.Dropout"], "DROP-MODE"),
        (["lstm", "bias"], "LSTM-BIAS"),
        (["normalisation"], "BN-ONE"),
    ],
)
def test_an_entry_is_found_by_name_api_parameter_symptom_and_area(words, name):
    assert name in {entry.name for entry in chosen(words, None)}


@pytest.mark.parametrize(
    ("api", "first"),
    [
        ("torch.nn.Conv2d", "CONV-SAME-S2"),
        ("nn.GRU", "LSTM-BIAS"),  # a GRU's too, and it has the most noise units
        ("nn.Dropout2d", "DROP-F"),
        ("Conv2d", "CONV-SAME-S2"),
        ("tf.keras.layers.GRU", "GRU-ORDER"),
    ],
)
def test_an_api_is_answered_by_its_own_entries(api, first):
    found = [entry.name for entry in chosen([api], None)]
    assert found[0] == first
    assert len(found) < 20  # not all that have the word torch


def test_the_name_of_a_library_is_no_word_beside_others():
    assert find("torch.nn.GRU") == find("GRU")
    assert len(find("torch")) > 100


@pytest.mark.parametrize(("api", "near"), [("torch.nn.Conv4d", "torch.nn.Conv2d"), ("nn.BatchNrom2d", "BatchNorm2d")])
def test_an_api_that_is_not_there_is_said_with_the_nearest(api, near):
    for words, used in (([api], None), ([], api)):
        with pytest.raises(UsageError, match=f"no divergence is known of {api}; did you mean .*{near}"):
            chosen(words, used)


@pytest.mark.parametrize("words", [["BN-EPS", "GRU-ORDER"], ["bn-eps, gru-order"]])
def test_names_are_their_entries_and_no_search(words):
    assert [entry.name for entry in chosen(words, None)] == ["BN-EPS", "GRU-ORDER"]


def test_names_are_shown_in_full_one_after_the_other(command, monkeypatch):
    shown = []
    monkeypatch.setattr("parity.divergences.check.full", lambda console, entry: shown.append(entry.name))
    command("BN-EPS", "GRU-ORDER")
    command("BN-EPS", "axis")  # a search, which finds many
    assert shown == ["BN-EPS", "GRU-ORDER"]


def test_a_word_beside_a_name_that_nothing_has_is_named():
    with pytest.raises(
        UsageError, match="no divergence has 'GRU-ODER' in its name or its text; did you mean GRU-ORDER"
    ):
        chosen(["BN-EPS", "GRU-ODER"], None)
    assert len(chosen(["BN-EPS", "and", "axis"], None)) > 1


def test_an_area_is_all_of_its_entries():
    assert chosen(["optimizers"], None)[: len(of_area("optimizers"))] == of_area("optimizers")


@pytest.mark.parametrize(("words", "used"), [(["zzzz"], None), ([], "NoSuchLayer"), (["batchnrom"], None)])
def test_nothing_found_is_an_error(words, used):
    with pytest.raises(UsageError, match="no divergence"):
        chosen(words, used)


def test_the_apis_of_a_file_are_read_and_nothing_is_run(tmp_path):
    path = tmp_path / "model.py"
    path.write_text(MODEL)
    found = apis_of(path)
    assert {"torch.nn.Conv2d", "torch.nn.BatchNorm2d", "torch.optim.Adam", "torch.nn.functional.dropout"} <= found
    assert {"keras.layers.Dense", "keras.layers.LSTM"} <= found
    assert not any("GRU" in name or name.startswith("os") for name in found)


@pytest.mark.parametrize(("content", "said"), [("def f(:", "is no Python"), (None, "cannot be read")])
def test_a_file_that_cannot_be_read_is_named(tmp_path, content, said):
    path = tmp_path / "model.py"
    if content:
        path.write_text(content)
    with pytest.raises(UsageError, match=rf"model\.py {said}"):
        apis_of(path)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("folder", "folder is a folder: name one Python file"),
        ("folder.py", r"folder\.py is a folder: name one Python file"),
        ("net.ipynb", r"net\.ipynb is a notebook: jupyter nbconvert --to script .*net\.ipynb"),
        ("wrong.py", r"wrong\.py is no Python: line 2: "),
        ("none.py", r"none\.py cannot be read: No such file"),
        ("bytes.py", r"bytes\.py is no Python: "),
        ("notes.txt", r"notes\.txt is no Python: line 1: "),
    ],
)
def test_what_is_no_python_file_is_said_with_its_name_and_line(tmp_path, name, said):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "net.ipynb").write_text("{}")
    (tmp_path / "wrong.py").write_text("import torch\nx = = 1\n")
    (tmp_path / "bytes.py").write_bytes(b"x = '\xff'")
    (tmp_path / "notes.txt").write_text("some notes")
    with pytest.raises(UsageError, match=said) as raised:
        chosen([], str(tmp_path / name))
    assert "\n" not in str(raised.value)


def test_a_folder_here_is_no_api_unless_it_has_the_name_of_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("models", "GRU"):
        (tmp_path / name).mkdir()
    with pytest.raises(UsageError, match="models is a folder"):
        chosen([], "models")
    assert chosen([], "GRU")


@pytest.mark.parametrize("nothing", ["", " ", ","])
def test_for_nothing_is_an_error(command, nothing):
    code, _, err = command("--for", nothing)
    assert code == 2
    assert "--for is given nothing" in " ".join(err.split())


def test_the_checklist_begins_with_the_most_units_and_ends_with_what_an_argument_brings():
    found = entries_for(["BatchNorm2d", "torch.optim.Adam", "torch.nn.GRU"])
    assert {"BN-EPS", "OPT-ADAM-EPS", "OPT-BETAS"} <= {entry.name for entry in found}
    assert not any(entry.equal for entry in found)
    shown = [entry for entry in found if not only_with(entry)]
    double = [entry for entry in found if entry.dtype == "float64"]
    assert found[: len(shown)] == shown
    for part in (shown, found[len(shown) : -len(double) or None], double):
        assert [bool(entry.raises) for entry in part] == sorted(bool(entry.raises) for entry in part)
        units = [entry.units for entry in part if entry.units < math.inf]
        assert units == sorted(units, reverse=True)


def test_an_argument_that_is_given_brings_its_entry_forward():
    def names(*arguments):
        return [entry.name for entry in entries_for(["torch.optim.Adam"], arguments)]

    for name, argument in (("OPT-BETAS", "betas"), ("OPT-ADAM-F32BETA", "float64")):
        assert names().index(name) > names().index("OPT-ADAM-EPSHAT")
        assert names(argument).index(name) < names(argument).index("OPT-ADAM-EPSHAT")
    assert entries_for(["clip_grad_norm_"], ["float64"])[0].name == "OPT-CLIP-EPS"  # whoever calls it has it


def test_what_was_measured_in_float64_comes_last_where_float64_is_not_used():
    found = entries_for(["Adam", "clip_grad_norm_", "MSELoss"])
    double = [entry for entry in found if entry.dtype == "float64"]
    assert {"OPT-CLIP-EPS", "DT-LOSSF32"} <= {entry.name for entry in double}
    assert found[-len(double) :] == double


def test_units_of_float64_are_called_so(command):
    _, out, _ = command("--for", "clip_grad_norm_")
    assert "2,500,000,000 noise units of float64" in " ".join(out.split())


def test_what_a_star_imports_is_read(tmp_path):
    path = tmp_path / "model.py"
    path.write_text(
        "from torch.nn import *\nfrom keras.layers import *\nfrom os import *\n"
        "class GRU: ...\ndef f(LSTM):\n    print(LSTM, GRU())\n"
        "net = Sequential(BatchNorm2d(8), functional.layer_norm(x, 3))\n"
    )
    found = apis_of(path)
    assert {"torch.nn.BatchNorm2d", "torch.nn.functional.layer_norm"} <= found
    assert not any(name.endswith((".GRU", ".LSTM", ".print", ".net")) for name in found)
    assert {"BN-EPS", "LN-EPS"} <= {entry.name for entry in chosen([], str(path))}


def test_methods_and_arguments_are_read_from_a_file(tmp_path):
    path = tmp_path / "model.py"
    path.write_text(
        "import torch, keras\ny = torch.rand(2, 3).permute(1, 0).view(3, 2)\nmodel.fit(x, y, shuffle=False, epochs=2)\n"
        "optimizer.step()\n'a b'.split()\n[2].sort()\nx = x.double()\nself.norm(x)\n"
    )
    found = apis_of(path)
    assert {"torch.*.permute", "torch.*.view", "keras.*.fit", "torch.*.step"} <= found
    assert not {"torch.*.split", "torch.*.sort", "torch.*.rand", "torch.*.norm"} & found
    assert arguments_of(path) == {"epochs", "float64"}
    assert {"FIT-SHUFFLE", "API-TRANSPOSE", "CONV-FLATTEN"} <= {entry.name for entry in entries_for(found)}


def test_what_is_equal_is_one_line_at_the_end(command):
    _, out, _ = command("--for", "Adam ELU")
    *_, last = out.partition("believed to differ, and equal: ")
    assert {"OPT-AMSGRAD", "ACT-ELU"} <= {name.strip(",") for name in last.split()}
    assert "ACT-ELU" not in out.removesuffix(last)
    assert "only with betas" in " ".join(out.split())


def test_what_a_file_does_not_bring_is_one_line_at_the_end(command, tmp_path):
    path = tmp_path / "model.py"
    path.write_text("import torch\noptimizer = torch.optim.SGD(p, lr=0.1, nesterov=True)\n")
    _, out, _ = command("--for", str(path))
    said = " ".join(out.split())
    shown, _, hidden = said.partition("only with other arguments than ")
    assert "OPT-LR-DEF" in hidden
    assert "OPT-LR-DEF " not in shown
    assert {e.name for e in chosen([], str(path)) if not e.equal and e.dtype == "float64"} <= {
        *hidden.replace(",", "").split()
    }
    assert "only with nesterov" in shown  # which the file gives
    path.write_text("import torch\noptimizer = torch.optim.SGD(p)\n")
    assert chosen([], str(path))[0].name == "OPT-LR-DEF"


def test_every_argument_is_one_that_somebody_can_give():
    for entry in catalogue().values():
        assert all(name.isidentifier() for name in (*entry.arguments, *entry.defaults)), entry.name


@pytest.mark.parametrize(
    ("api", "name"),
    [
        ("torch.nn.functional.layer_norm", "LN-EPS"),
        ("torch.nn.functional.cross_entropy", "CE-LOGITS"),
        ("keras.sparse_categorical_crossentropy", "CE-LOGITS"),
        ("keras.adam", "OPT-ADAM-EPS"),
        ("BATCHNORM2D", "BN-EPS"),
    ],
)
def test_a_function_or_a_text_stands_for_its_class(api, name):
    assert name in {entry.name for entry in entries_for([api])}


def test_what_keras_is_given_as_a_text_and_tensorflows_own_names_are_read(tmp_path):
    path = tmp_path / "model.py"
    path.write_text(
        "import tensorflow as tf\nimport keras\n"
        "keras.Sequential().compile(optimizer='adam', loss='mse', metrics=['accuracy'])\ntf.image.resize(1, 2)\n"
    )
    assert {"tf.image.resize", "keras.adam", "keras.mse", "keras.accuracy"} <= apis_of(path)


def test_a_name_that_is_not_known_is_said_and_not_dropped():
    assert {e.name for e in chosen([], "nn.BatchNorm2d, Adam")} >= {"BN-EPS", "OPT-ADAM-EPS"}
    with pytest.raises(UsageError, match="no divergence is known of Foo, Bar;"):
        chosen([], "Adam Foo Bar")
    with pytest.raises(UsageError, match="without it"):
        chosen(["gru"], "Adam")


def test_an_area_is_followed_by_what_else_has_its_name():
    found = [entry.name for entry in chosen(["attention"], None)]
    assert found[: len(of_area("attention"))] == [entry.name for entry in of_area("attention")]
    assert "MHA-MASK" in found


def test_the_checklist_has_the_cures(command):
    code, out, _ = command("--for", "BatchNorm2d")
    assert code == 0
    cure = catalogue()["BN-EPS"].cure
    assert " ".join(f"cure: {cure}".split()) in " ".join(out.split())


@pytest.mark.parametrize("name", [name for name, entry in catalogue().items() if entry.documented])
def test_what_is_documented_only_says_why(command, name):
    _, out, _ = command(name)
    said = " ".join(out.split())
    assert " ".join(f"documented only: {catalogue()[name].documented}".split()) in said
    assert ("GPU" in said.partition("documented only")[2].partition("apis")[0]) == (catalogue()[name].area == "cuda")


def test_one_entry_is_measured_here(command, request):
    if request.config.getoption("--framework"):
        pytest.skip("--framework leaves torch or tf out, and the entry needs both")
    code, out, _ = command("BN-EPS")
    assert code == 0
    said = " ".join(out.split())
    assert "here and now: torch and keras differ by" in said
    assert "noise units, 30 at most" in said
    assert "def aligned_keras(x):" in out
    assert "torch: float32 (8, 4): " in out


def test_an_entry_has_its_script_to_paste_and_two_columns_where_there_is_place(command, monkeypatch, request):
    if request.config.getoption("--framework"):
        pytest.skip("--framework leaves torch or tf out, and the entry needs both")
    _, out, _ = command("OPT-F64-LR")
    assert "assert float(weight[0]) == -0.1" in out
    assert max(map(len, out.splitlines())) <= 80
    assert not any("def torch" in line and "def keras" in line for line in out.splitlines())
    monkeypatch.setattr("parity.divergences.check.side_by_side", lambda entry, width: side_by_side(entry, 160))
    _, out, _ = command("POOL-NAN")
    assert any("def torch" in line and "def keras" in line for line in out.splitlines())


def test_a_check_writes_what_it_measured_and_finds_what_no_longer_holds(command, tmp_path, monkeypatch, request):
    if request.config.getoption("--framework"):
        pytest.skip("--framework leaves torch or tf out, and the entry needs both")
    path = tmp_path / "found.json"
    code, out, _ = command("BN-EPS", "--check", "--json", str(path))
    assert (code, "1 measured, 0 no longer hold" in out) == (0, True)
    row = json.loads(path.read_text())["divergences"][0]
    assert (row["name"], row["faults"]) == ("BN-EPS", [])
    assert row["units"] > 300 > 30 > row["aligned_units"]
    monkeypatch.setattr(catalogue()["BN-EPS"], "gap", 1.0)  # in this process, which compares with the record
    code, out, _ = command("BN-EPS", "--check")
    assert code == 1
    assert "✗ BN-EPS the gap is" in out


def test_the_index_imports_no_framework():
    code = "import sys; from parity.divergences import command; command.chosen([], None); print(*sys.modules)"
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert not {"torch", "tensorflow", "keras", "scipy", "pandas"} & set(done.stdout.split())


def row(name, gap, *, torch="value", faults=()):
    outcomes = {"torch": torch, "keras": "value"}
    return {"name": name, "title": "a title", "gap": gap, "outcomes": outcomes, "faults": list(faults)}


@pytest.mark.parametrize(
    ("before", "after", "how"),
    [
        (row("A", 1e-3), row("A", 1.9e-3), None),
        (row("A", 1e-3), row("A", 2.1e-3), "changed"),
        (row("A", 1e-3), row("A", 4e-4), "changed"),
        (row("A", 1e-3), row("A", "inf"), "changed"),
        (row("A", "inf"), row("A", "inf"), None),
        (row("A", 1e-3), row("A", 1e-8), "changed"),
        (row("A", 0.0), row("A", 1e-3), "changed"),
        (row("A", 6e-8), row("A", 0.0, faults=["the gap is 0, recorded is 6e-08"]), "no longer holds"),
        (row("A", 6e-8, faults=["it was another"]), row("A", 6e-8), "holds again"),
        (row("A", 1e-3), {"name": "A", "title": "a title", "faults": ["ValueError: crashed"]}, "no longer holds"),
        (row("A", 0.0), row("A", 1e-8), None),
        (row("A", "inf", torch="ValueError: a"), row("A", "inf", torch="ValueError: b"), "another outcome"),
        (row("A", "inf", torch="float32 nan"), row("A", "inf", torch="float32 0"), "another outcome"),
        (row("A", 1e-3, torch="float32 0.999"), row("A", 1e-3, torch="float32 1"), None),
        (row("A", 1e-3), row("A", 1e-3, faults=["after the cure 99 noise units"]), "no longer holds"),
        (row("A", 1e-3), {"name": "A", "title": "a title", "unavailable": "torch is not installed"}, None),
    ],
)
def test_drift_is_what_changed_and_what_no_longer_holds(before, after, how):
    found = changes({"A": before}, {"A": after})
    assert [change.how for change in found] == ([how] if how else [])


def test_two_versions_are_compared_by_the_command(tmp_path):
    def write(name, *rows, number=2):
        path = tmp_path / name
        path.write_text(json.dumps({"format": number, "environment": {}, "divergences": rows}))
        return path

    console = Console(width=80, file=io.StringIO())
    a, b = write("a.json", row("A", 1e-3)), write("b.json", row("A", 1.0), row("B", 1.0))
    assert compare_files(console, [a, a.with_name("b.json")]) == 1
    assert "1 divergences measured in both, 2 changed" in console.file.getvalue()
    assert compare_files(console, [a, write("c.json", row("A", 1e-3))]) == 0
    assert compare_files(console, [a, write("d.json", row("C", 1e-3))]) == 2
    with pytest.raises(UsageError, match=r"e\.json has format 9"):
        compare_files(console, [b, write("e.json", number=9)])
