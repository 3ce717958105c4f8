"""A specification names only what exists: a misspelt name is an error, and not a declaration without effect."""

import dataclasses

import pytest

from parity import draw, load
from parity.faults import configured
from parity.task import Fault, Stage, UsageError, Where
from parity.tasks import names


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"known": {"forward/los": 1.0}}, "unknown output of mlp 'forward/los'; did you mean 'forward/loss'?"),
        ({"noise_from": {"step/loss": "step/grad.9.bias"}}, "unknown output of mlp 'step/grad.9.bias'"),
        ({"timing": {"learning_rate": 0.0}}, "unknown setting of mlp 'learning_rate'"),
        ({"faults": {"another rate": configured(rate=0.1)}, "claims": {}}, "unknown setting of mlp 'rate'"),
        ({"sizes": {"huge": {}}}, "unknown size 'huge'"),
        ({"known": {}, "stages": {"forward": Stage(outputs=("y",), derivative_of={"forward/z": ""})}}, "'forward/z'"),
    ],
)
def test_a_task_names_what_exists(changed, message):
    with pytest.raises(UsageError, match=message.replace("?", r"\?")):
        dataclasses.replace(load("mlp"), **changed)


@pytest.mark.parametrize("unknown", [{"exact": frozenset({"z"})}, {"stochastic": {"z": None}}])
def test_a_stage_names_its_own_outputs(unknown):
    with pytest.raises(UsageError, match="unknown output 'z'"):
        Stage(outputs=("y",), **unknown)


@pytest.mark.parametrize("where", [{"framework": "pytorch"}, {"framework": "tf", "mode": "jit"}])
def test_a_declaration_is_about_runs_that_exist(where):
    with pytest.raises(UsageError, match="unknown"):
        Where(**where)


def test_a_fault_is_of_one_kind():
    for kinds in ({}, {"config": {"lr": 1.0}, "outputs": dict}):
        with pytest.raises(UsageError, match="exactly one"):
            Fault(**kinds)


def test_a_layout_is_of_an_array_that_exists():
    for task in map(load, names()):
        params, batch = draw(task, "tiny")
        found = [*params, *batch, *(output for stage in task.stages.values() for output in stage.outputs)]
        for name in task.layout:
            assert any(f".{key}".endswith(f".{name}") for key in found), f"{task.name}: {name}"
