"""A run: what it asks of a framework, what it brings back, and what it says of a stage that goes wrong."""

import contextlib

import numpy as np
import pytest

from parity import Stage, UsageError, run
from parity.judging import run as run_module
from parity.judging.run import Failure, Outputs, stages_of

BATCH = {"x": np.array([1.0, 2.0]), "label": np.array([3])}
PARAMS = {"w": np.array([[0.1]])}


def build(params):
    return params


class Recorder:
    """A framework's runtime that writes down what it is asked for."""

    def __init__(self):
        self.asked = []

    @contextlib.contextmanager
    def policy(self, device, dtype):
        self.asked.append(("policy", device, dtype))
        yield
        self.asked.append(("no policy",))

    def put(self, arrays, device, layout):
        self.asked.append(("put", [*arrays], device, layout))
        return arrays

    def wrap(self, stage, mode):
        self.asked.append(("wrap", mode))
        return stage

    def get(self, tensors, layout):
        self.asked.append(("get", [*tensors], layout))
        return tensors


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_framework_is_asked_for_what_a_run_needs(made, monkeypatch, dtype):
    def backward(model, batch):
        return {"grad.w": model["w"] * batch["x"][0]}

    recorder, stages = Recorder(), {"backward": Stage(outputs=("grad.w",), timed=True)}
    monkeypatch.setattr(run_module, "available", lambda *where: recorder if where == ("tf", "cuda", "graph") else None)
    task = made(stages, build, backward, framework="tf", layout={"w": "oi", "x": "n"})
    outputs = run(task, "tf", device="cuda", dtype=dtype, mode="graph", arrays=(PARAMS, BATCH))
    assert recorder.asked == [
        ("policy", "cuda", dtype),
        ("put", ["w"], "cuda", {"w": "oi"}),
        ("wrap", "graph"),
        ("put", ["x", "label"], "cuda", {"x": "n"}),
        ("get", ["grad.w"], {"grad.w": "oi"}),
        ("no policy",),
    ]
    assert (outputs.keys(), outputs["backward/grad.w"].dtype) == ({"backward/grad.w"}, dtype)


def test_a_run_brings_back_outputs_errors_and_what_is_printed(made):
    def first(model, batch):
        batch["x"] += 1  # the others have their own
        model["w"] += 1
        print("\n one\n two \n")
        return {"x": batch["x"], "label": batch["label"]}

    def second(model, batch):
        raise LookupError(f"x is {batch['x'].tolist()}, w {model['w'].tolist()}")

    stages = {"first": Stage(outputs=("label", "x")), "second": Stage(outputs=("y",))}
    outputs = run(made(stages, build, first, second, params=PARAMS, batch=BATCH), "numpy")
    assert {name: a.tolist() for name, a in outputs.items()} == {"first/label": [3], "first/x": [2, 3]}
    assert outputs.printed == {"first": "one\n two"}
    assert outputs.raised.keys() == {"second"}
    assert str(outputs.raised["second"]) == "LookupError: x is [1.0, 2.0], w [[0.1]]"


def test_calls_are_on_one_model_and_of_what_is_named(made):
    def step(model, batch):
        model["w"] = model["w"] + batch["x"]
        return {"w": model["w"]}

    def other(model, batch):
        return {"w": model["w"]}

    stages = {name: Stage(outputs=("w",), timed=True) for name in ("step", "other")}
    task = made(stages, build, step, other, params={"w": np.zeros(2)}, batch=BATCH)
    outputs = run(task, "numpy", calls={"step": 3})
    assert {name: a.tolist() for name, a in outputs.items()} == {"step/w": [3, 6]}
    assert (outputs.raised, outputs.printed) == ({}, {})


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        ({"a": 1, "d": 1, "c": 1},
         "impl_numpy/made.py: forward returned other names than specified: missing ['b'], extra ['c', 'd']"),
        ({}, "impl_numpy/made.py: forward returned other names than specified: missing ['a', 'b'], extra []"),
        ({"a": 1, "b": np.float64(1)}, "impl_numpy/made.py: forward returned 'b' as float64 instead of float32"),
        ({"a": 1, "b": np.float32(1)}, None),
    ],
)  # fmt: skip
def test_a_stage_that_breaks_its_contract_says_how(made, returned, said):
    def forward(model, batch):
        return returned

    outputs = run(made({"forward": Stage(outputs=("b", "a"))}, build, forward), "numpy", dtype="float32")
    found = outputs.raised.get("forward")
    assert (found and found.message) == said
    assert [*outputs] == ([] if said else ["forward/b", "forward/a"])


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"size": "large"}, "unknown size 'large' (tiny, base)"),
        ({"size": "large", "arrays": (PARAMS, BATCH)}, "unknown size 'large' (tiny, base)"),
        ({"dtype": "float46"}, "unknown dtype 'float46'; did you mean 'float64'? (float32, float64, longdouble)"),
        ({"framework": "tf", "dtype": "longdouble"}, "unknown dtype 'longdouble' (float32, float64)"),
    ],
)
def test_what_does_not_exist_is_refused(made, monkeypatch, how, said):
    monkeypatch.setattr(run_module, "available", lambda *where: Recorder())
    with pytest.raises(UsageError) as refused:
        run(made({}, sizes={"tiny": {}, "base": {}}), **{"framework": "numpy"} | how)
    assert str(refused.value) == said


def test_only_loops_run_elsewhere(made):
    task = made({"forward": Stage(outputs=(), timed=True), "lesson": Stage(outputs=())})
    everything, loops = ["forward", "lesson"], ["forward"]
    assert [*stages_of(task, "cpu", "eager", "tiny")] == [*stages_of(task, "cpu", "eager", "base")] == everything
    for where in (("cuda", "eager", "tiny"), ("cpu", "graph", "base"), ("cpu", "eager", "large")):
        assert [*stages_of(task, *where)] == loops


def test_a_failure_keeps_the_error_as_text():
    try:
        raise FileNotFoundError("{{function_node f}} no such file \nat all") from ValueError("why")
    except FileNotFoundError as error:
        failure = Failure.of(error)
    assert failure.classes == ("FileNotFoundError", "OSError", "Exception", "BaseException", "object")
    assert failure.message == "{{function_node f}} no such file \nat all"
    assert [line for line in failure.trace.splitlines() if not line.startswith(" ")] == [
        "ValueError: why",
        "",
        "The above exception was the direct cause of the following exception:",
        "",
        "Traceback (most recent call last):",
        "FileNotFoundError: {{function_node f}} no such file ",
        "at all",
    ]


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("", "ValueError"),
        ("one\ntwo", "ValueError: one"),
        ("\n one\ntwo", "ValueError: one"),
        ("one {{a}}two {{b}}\n", "ValueError: one two"),
    ],
)
def test_a_failure_is_named_in_one_line(message, said):
    assert str(Failure.of(ValueError(message))) == said


def test_outputs_are_arrays_by_name_with_nothing_raised_or_printed():
    outputs = Outputs({"forward/y": BATCH["x"]})
    assert (outputs, outputs.raised, outputs.printed) == ({"forward/y": BATCH["x"]}, {}, {})
    assert Outputs() == {}
