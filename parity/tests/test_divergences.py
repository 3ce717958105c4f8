"""The catalogue: each entry differs as recorded and agrees after its cure, and whatever names one finds it."""

import ast
import dataclasses
import functools
import inspect
import math
import random
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from parity import load
from parity.divergences import Divergence, areas, catalogue, entry, find, of_area
from parity.divergences.entry import frameworks
from parity.divergences.measure import faults, measure, not_aligned, unlike_the_record
from parity.divergences.report import as_it_comes, side_by_side, snippets
from parity.divergences.side import Outcome, as_found, inputs_of, outcome, short
from parity.frameworks.runtime import runtime
from parity.judging.run import Failure
from parity.judging.verdict import LIMIT
from parity.judging.worker import Worker
from parity.task import FRAMEWORKS, Approximates, nearest

ROOT = Path(__file__).parents[2]
PACKAGES = ("impl_numpy", "impl_torch", "impl_tf")
KINDS = "|".join(sorted({name.partition("-")[0] for name in catalogue() if "-" in name}))
NAME = re.compile(rf"\b(?:(?:{KINDS})-[A-Z0-9-]*[A-Z0-9]|DEVICE)\b")
RUNNING = [name for name, entry in catalogue().items() if not entry.documented]
SCRIPTS = [name for name, entry in catalogue().items() if entry.script]
PAIRED = [name for name, entry in catalogue().items() if "pair" in vars(entry)]

measured = functools.cache(measure)  # once for all of its tests


@pytest.fixture
def here(request, divergence):
    """The entry, if the frameworks that it needs are asked for; one that is asked for and missing is an error."""
    found = catalogue()[divergence]
    asked = request.config.getoption("--framework") or FRAMEWORKS
    left_out = sorted(frameworks(found) - {*asked})
    if left_out:
        pytest.skip(f"a divergence that needs {' and '.join(left_out)}, which --framework leaves out")
    return found


@pytest.mark.parametrize("divergence", RUNNING)
def test_the_sides_differ_as_recorded(here):
    assert unlike_the_record(here, measured(here)) == []


@pytest.mark.parametrize("divergence", RUNNING)
def test_the_sides_agree_after_the_cure(here):
    assert not_aligned(here, measured(here)) == []


@pytest.mark.parametrize("divergence", PAIRED)
def test_it_recognises_itself_in_two_layers(here):
    assert here.recognise(*here.pair())
    assert not here.recognise(*here.aligned_pair())


def test_each_name_that_a_task_aligns_is_in_the_catalogue(task_name):
    where = f"parity/tasks/{task_name}.py: aligns"
    declared = [what for stage in load(task_name).stages.values() for what in stage.expected_divergence.values()]
    for name in (*load(task_name).aligns, *(what.entry for what in declared if isinstance(what, Approximates))):
        near = " or ".join(nearest(name, catalogue())) or "another"
        assert name in catalogue(), f"{where}: {name!r} is no divergence; did you mean {near}?"


def test_an_implementation_names_only_what_its_task_aligns(task_name):
    for package in PACKAGES:
        found = set(NAME.findall((ROOT / package / f"{task_name}.py").read_text()))
        assert found <= set(load(task_name).aligns), f"{package}/{task_name}.py"


def test_what_a_task_aligns_is_named_on_the_line_that_does_it(task_name):
    """In one of its implementations, in NumPy's operations, or where the specification makes the inputs."""
    task = load(task_name)
    lines = "".join(path.read_text() for path in (ROOT / "impl_numpy" / "ops").glob("*.py")) + inspect.getsource(
        task.make
    )
    lines += "".join((ROOT / package / f"{task_name}.py").read_text() for package in PACKAGES)
    assert set(task.aligns) <= set(NAME.findall(lines))


def test_every_name_in_a_comment_or_another_entry_is_in_the_catalogue():
    for folder in (*PACKAGES, "parity/divergences"):
        for path in (ROOT / folder).rglob("*.py"):
            assert set(NAME.findall(path.read_text())) <= set(catalogue()), path


def test_reading_the_catalogue_imports_no_framework():
    code = "import sys; from parity.divergences import catalogue; print(len(catalogue()), *sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    count, *modules = done.stdout.split()
    assert int(count) == len(catalogue())
    assert not {"torch", "tensorflow", "keras"} & {*modules}


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("batchnorm2d EPS", "BN-EPS"),
        ("bn-mom", "BN-MOM"),
        ("eval output differs", "BN-VAR"),
        ("softmax axis", "ACT-SOFTMAX-DIM"),
    ],
)
def test_it_is_searched_by_name_api_and_word(words, name):
    assert catalogue()[name] in find(words)
    assert find(f'"{words}", zzzz') == find(words)
    assert find("zzzz") == []


# What people type, and what must be among the first five.
SYMPTOMS = [
    ("eval output differs", "BN-MOM"),
    ("gru", "GRU-ORDER"),
    ("epsilon", "OPT-ADAM-EPS"),
    ("BatchNorm2d", "BN-EPS"),
    ("outputs do not match after conversion", "CONV-FLATTEN"),
    ("flatten before dense gives wrong predictions", "CONV-FLATTEN"),
    ("padding same stride 2 shifted", "CONV-SAME-S2"),
    ("attention mask ignored", "MHA-MASK"),
    ("why does my LSTM output have a different shape?", "LSTM-OUT"),
    ("weight decay AdamW differs", "OPT-ADAMW-WD"),
    ("gradient clipping not the same", "OPT-CLIP-SCOPE"),
    ("learning rate scheduler off by one", "LR-UNIT"),
    ("same seed, different random numbers", "SEED-STREAM"),
    ("loss differs with class weights", "CE-WEIGHT"),
    ("resize image with align_corners", "RESIZE-ALIGN"),
    ("float64 gradient check fails", "DT-LOSSF32"),
    ("set_weights has no effect", "GRAPH-BUILD"),
    ("gelu mismatch GPT-2", "ACT-GELU-TANH"),
    ("reported training loss too high", "FIT-LOSS"),
    ("transposed convolution output size", "CONVT-SIZE"),
    ("'loss is nan'", "GRAD-NORM0"),
    ("model trains slower in Keras", "OPT-LR-DEF"),
    ("validation accuracy much worse after porting batch norm", "BN-MOM"),
    ("dropout active in evaluation", "DROP-F"),
    ("mean squared error broadcasting (n, 1)", "MSE-BCAST"),
]


@pytest.mark.parametrize(("symptom", "name"), SYMPTOMS)
def test_a_symptom_finds_its_cause(symptom, name):
    assert name in [found.name for found in find(symptom)[:5]]


def test_an_entry_is_found_by_each_of_its_words():
    words = {word for entry in catalogue().values() for word in entry.words}
    found = {word: {entry.name for entry in find(word)} for word in words}
    lost = [(name, word) for name, entry in catalogue().items() for word in entry.words if name not in found[word]]
    assert lost == []


def test_every_entry_is_in_an_area():
    assert [found for area in areas() for found in of_area(area)] == list(catalogue().values())


@pytest.mark.parametrize("divergence", ["BN-ONE", "INIT-SHARED", "DROP-MODE"])  # an error, and draws
def test_nothing_global_stays_changed(here):
    before = everything_global()
    measure(here)
    assert everything_global() == before


@pytest.mark.parametrize("divergence", ["BN-EPS"])
def test_the_truth_is_computed_in_float64_by_default_and_all_is_put_back_after_an_error(here):
    before, within = everything_global(), []

    def fails():
        with as_found("torch", "float64"), as_found("tf", "float64"):
            within.extend(everything_global())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert {"torch.float64", "float64"} <= {str(each) for each in within}
    assert everything_global() == before


def everything_global():
    """Both default dtypes, and the state of each generator that can be read."""
    import keras
    import torch

    generators = torch.get_rng_state().tolist(), random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    return torch.get_default_dtype(), keras.config.floatx(), keras.config.dtype_policy().name, *generators


# Faults planted in the entries, in what is measured, and in the measure.


@pytest.fixture
def planted(monkeypatch):
    """A small entry whose fields and functions can be changed; what it registers is forgotten afterwards."""
    monkeypatch.setattr(entry, "entries", {})

    def plant(**changed):
        body = {
            "__doc__": "A planted title.  A reason.",
            "name": "PLANTED", "apis": ("numpy.sum",), "words": ("planted",), "source": "here", "cure": "none",
            "gap": 0.5, "units": 1.3e7, "framework": "numpy",
            "inputs": lambda rng: {"x": rng.normal(size=100)},
            "first": lambda x: 2 * x,
            "second": lambda x: x,
            "aligned_second": lambda x: x + x,
        }  # fmt: skip
        return type("Planted", (Divergence,), {k: v for k, v in {**body, **changed}.items() if v is not None})

    return plant


def raises(x):
    raise ArithmeticError("no luck")


def test_a_planted_entry_holds(planted):
    assert faults(planted(), measure(planted(name="TWICE"))) == []


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"gap": 0.2}, "the gap is 0.5, recorded is 0.2"),
        ({"gap": 1.1}, "the gap is 0.5, recorded is 1.1"),
        ({"units": 3e7}, "noise units, recorded are 3e+07"),
        ({"units": math.inf}, "noise units, recorded are inf"),
        ({"gap": math.inf, "gives": {"first": "2", "second": "1"}}, "the gap is 0.5, recorded is inf"),
        ({"gives": {"second": "float64 1"}}, "second gives float32 (100,): "),
        ({"second": raises}, "second raises ArithmeticError: no luck"),
        ({"raises": {"second": ("ValueError", "luck")}}, "second does not raise ValueError"),
        ({"second": raises, "raises": {"second": ("ArithmeticError", "other words")}}, "second raises ArithmeticError"),
        ({"second": raises, "raises": {"second": ("ValueError", "luck")}}, "second raises ArithmeticError"),
        ({"warns": {"first": "careful"}}, "first does not warn of 'careful'"),
        ({"aligned_second": lambda x: 2.00001 * x}, "after the cure the sides are "),
        ({"aligned_second": lambda x: 2 * x[:50]}, "after the cure the sides are inf"),
        ({"aligned_second": lambda x: 2 * x * np.where(x == x[0], np.nan, 1)}, "after the cure the sides are inf"),
        ({"aligned_second": raises}, "after the cure the sides are inf"),
        ({"residual": 0.1}, "the cure leaves 0, recorded is 0.1"),
        ({"gap": 0, "equal": True, "aligned_second": None}, "the sides are "),
    ],
)
def test_what_no_longer_holds_is_said(planted, changed, fault):
    found = planted(**changed)
    assert fault in "; ".join(faults(found, measure(found)))


@pytest.mark.parametrize(
    ("changed", "mistake"),
    [
        ({"__doc__": "A title alone."}, "title and a reason"),
        ({"name": "planted"}, "no name"),
        ({"apis": ()}, "no api"),
        ({"apis": ("sum",)}, "no api"),
        ({"words": None}, "no words"),
        ({"gap": None}, "no gap"),
        ({"second": None, "aligned_second": None, "unaligned": "so"}, "two sides"),
        ({"framework": ""}, "framework is not known"),
        ({"aligned_third": raises}, "of no side"),
        ({"gives": {"third": "1"}}, "of no side"),
        ({"gap": math.inf}, "has what each side comes to"),
        ({"gap": math.inf, "gives": {"first": "1"}}, "has what each side comes to"),
        ({"gap": 0}, "an equality has no gap"),
        ({"aligned_second": None}, "exactly one of"),
        ({"unaligned": "so"}, "exactly one of"),
        ({"recognise": raises}, "`recognise` is shown by"),
    ],
)
def test_an_entry_that_contradicts_itself_is_refused(planted, changed, mistake):
    with pytest.raises(TypeError, match=mistake):
        planted(**changed)
    planted()
    with pytest.raises(TypeError, match="stands twice"):
        planted()


def test_units_are_those_of_the_judge(planted):
    """A side that rounds once is near one unit, a TF32 input thousands."""
    found = planted(gap=2.0**-11, units=1.3e4, second=lambda x: 2 * x * (1 + np.float32(2.0**-11)))
    here = measure(found)
    assert faults(found, here) == []
    assert here.aligned_units < 2
    assert 100 * LIMIT < here.units < math.inf


def test_two_that_raise_alike_are_aligned(planted):
    inf = {"gap": math.inf, "units": math.inf, "inputs": lambda rng: {"x": np.arange(2)}}
    found = planted(**inf, second=raises, raises={"second": ("ArithmeticError", "luck")},
                    gives={"first": "int64 [0, 2]"}, aligned_second=None, unaligned="so")  # fmt: skip
    assert faults(found, measure(found)) == []
    both = planted(**inf, name="BOTH", first=raises, aligned_first=raises, aligned_second=raises,
                   raises={"first": ("ArithmeticError", "luck")}, gives={"second": "int64 [0, 1]"})  # fmt: skip
    assert faults(both, measure(both)) == []


def test_a_line_says_how_it_comes(planted):
    found = planted()
    assert as_it_comes(found) == f"PLANTED: {found.title} (first and second differ by 5.0e-01); cure: none"
    here = dataclasses.replace(measure(found), gap=0.25, units=22_000.4)
    assert "differ by 2.5e-01 (22,000 noise units)); cure" in as_it_comes(found, here)
    lines = {as_it_comes(each) for each in catalogue().values()}
    assert len(lines) == len(catalogue())
    one, gates = catalogue()["BN-ONE"], catalogue()["LSTM-GATES"]
    assert f"BN-ONE: {one.title} (torch raises ValueError); cure: {one.cure}" in lines
    assert f"LSTM-GATES: {gates.title} (equal within rounding)" in lines


@pytest.mark.parametrize("divergence", catalogue())
def test_its_source_can_be_shown(divergence):
    shown = snippets(catalogue()[divergence])
    assert set(shown) >= set(catalogue()[divergence].sides)
    assert all(re.match(r"def \w+\(|[A-Z_]+ = ", source) for source in shown.values())
    lines = [line for source in (*shown.values(), catalogue()[divergence].script) for line in source.splitlines()]
    assert [line for line in lines if len(line) > 76] == []  # else a terminal of 80 columns makes other Python of it


def test_a_constant_is_shown_as_it_is_written():
    shown = snippets(catalogue()["OPT-F64-LR"]) | snippets(catalogue()["OPT-SPARSE"])
    assert shown["BELOW_ROUNDING"] == "BELOW_ROUNDING = 2.0**-100"
    assert shown["BETAS"] == "BETAS = (0.875, 1 - 2.0**-10)"
    assert snippets(catalogue()["GRU-ORDER"])["HIDDEN"] == "HIDDEN = 16"


def test_what_a_side_calls_is_shown_with_it():
    shown = snippets(catalogue()["OPT-F64-MOM"])
    assert "optimizer.apply" in shown["keras_steps"]
    assert shown["MOMENTUM"] == "MOMENTUM = 0.875"
    assert "def torch_attention" in snippets(catalogue()["INIT-MHA"])["torch_attention"]
    assert snippets(catalogue()["INIT-MHA"])["HEADS"] == "HEADS = 2"  # what a helper takes


@pytest.mark.parametrize(("width", "rows"), [(80, 4), (119, 4), (120, 3), (200, 3)])
def test_two_sides_stand_beside_one_another_where_both_fit(width, rows):
    entry = catalogue()["BN-EPS"]  # inputs, two sides, and one cure
    found = [*side_by_side(entry, width)]
    assert {name: source for row in found for name, source in row.items()} == snippets(entry)
    assert len(found) == rows
    assert all(set(row) == {"torch", "keras"} for row in found if len(row) > 1)
    wide = [set(row) for row in side_by_side(catalogue()["OPT-SGD-LRCHANGE"], width) if len(row) > 1]
    assert ({"torch_steps_at_two_rates", "keras_steps_at_two_rates"} in wide) == (width == 200)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (np.float32("nan"), "float32 nan"),
        (-0.0, "float64 0"),
        ([[1, 2], [3, 4]], "int64 [[1, 2], [3, 4]]"),
        ("float32", "float32"),
        ([1.23456, np.inf], "float64 [1.23, inf]"),
        ([3.0, np.nan, *[4.0] * 9], "float64 (11,): 3, nan, 4, ...; rms 3.91, 1 nan"),
        ([], "float64 []"),
        (np.array([True, False]), "bool [1, 0]"),
    ],
)
def test_a_value_is_said_in_short(value, said):
    assert short(Outcome(np.asarray(value))) == said


def test_an_error_is_said_without_tensorflows_name_of_a_node():
    error = Failure(
        ("InvalidArgumentError",), "{{function_node __wrapped__MatMul_device_/job:a}} Sizes differ\n[Op]", ""
    )
    assert short(Outcome(None, error)) == "InvalidArgumentError: Sizes differ"


def fails(script):
    """What a script's assert says, or that nothing fails."""
    try:
        exec(script, {"__name__": "__main__"})
    except AssertionError as error:
        return str(error)
    raise ValueError("the assert holds")


@pytest.fixture(scope="module")
def processes():
    """One for the scripts of each framework."""
    found = {"torch": Worker(), "tf": Worker()}
    yield found
    for worker in found.values():
        worker.close()


@pytest.mark.parametrize("divergence", SCRIPTS)
def test_a_script_shows_its_bug_and_needs_one_framework(here, processes):
    nodes = [*ast.walk(ast.parse(here.script))]
    imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
    framework = "torch" if "torch" in imported else "tf"
    assert imported - {"numpy", "math"} <= ({"torch"} if framework == "torch" else {"keras", "tensorflow"})
    assert processes[framework].call(fails, here.script, timeout=120)


def test_what_looks_like_a_bug_has_a_script():
    suspected = {
        name for name, found in catalogue().items() if re.search(r"\b(like an? (upstream )?|A )bug\b", found.why)
    }
    suspected |= {name for name, found in catalogue().items() if "upstream bug" in found.words}
    assert suspected <= set(SCRIPTS)


def test_inputs_are_the_same_in_any_order():
    one, other = (inputs_of(catalogue()["BN-EPS"])["x"] for _ in range(2))
    np.testing.assert_array_equal(one, other)
    assert one.dtype == "float32"


def test_a_side_gets_tensors_of_its_framework(framework):
    kind = {"numpy": "ndarray", "torch": "Tensor", "tf": "EagerTensor"}[framework]
    side = {"numpy": "numpy", "torch": "torch", "tf": "keras"}[framework]
    told = type("Told", (), {"name": "T", "framework": "", "aligned": {}, "sides": {side: lambda x: type(x).__name__}})
    runtime(framework)
    assert outcome(told, side, {"x": np.ones(2, "float32")}).value == kind
