"""What a stage leaves behind: its batch as it was, no graph on what is only shown, and weights that learn or do not."""

import contextlib
import dataclasses
import io
import re
import warnings

import numpy as np
import pytest

from parity import draw, judge, load, run
from parity.frameworks.runtime import implementation_of, runtime, stage_of
from parity.judging.verdict import PASSING
from parity.task import cast

# Outputs of a stage without gradients that are differentiated nevertheless, or that a mistake leaves with a graph.
WITH_GRAPH = {
    "activations/at_zero/relu", "sgd_step/descent/before", "drill_eval_mode/broken/loss",
    *(f"second_derivative/{output}" for output in ("square/first", "gradients/loss")),
    *(f"init_schemes/native/{scheme}" for scheme in ("xavier", "kaiming", "normal", "default")),
}  # fmt: skip

# Stages that are about a model as it comes: the mode that its `build` left.
AS_BUILT = {
    "dropout/bare",
    "dropout/native",
    "drill_eval_mode/native",
    *(f"resnet18_transfer/{s}" for s in ("forward", "step", "moved")),
}

# Stages that draw from a generator of their own.
DRAWS_APART = {
    "digits_training/shuffling", "drill_eval_mode/native", "dropout/native", "dropout/functional", "dropout/bare",
}  # fmt: skip


@pytest.fixture
def torch_alone(request):
    """PyTorch, where it is tested."""
    if "torch" not in (request.config.getoption("--framework") or ["torch"]):
        pytest.skip("--framework leaves torch out")


def stages(task_name, framework, *, call=True):
    """Each stage that returns: its name, its model, its batch before and after, and its outputs if it is called."""
    task, package = load(task_name), runtime(framework)
    implementation = implementation_of(task, framework)
    params, batch = (cast(arrays, "float32") for arrays in draw(task, "tiny"))
    with package.policy("cpu", "float32"), contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in task.stages:
            model = implementation.build(package.put(params, "cpu", task.axes(params)), **task.settings("tiny"))
            given = package.put(batch, "cpu", task.axes(batch))
            with contextlib.suppress(Exception):  # a declared error
                outputs = stage_of(implementation, name)(model, given) if call else {}
                yield name, model, batch, given, outputs


def test_a_stage_leaves_its_batch_as_it_was(task_name, framework):
    axes = load(task_name).axes
    for name, _, before, given, _ in stages(task_name, framework):
        after = runtime(framework).get(given, axes(given))
        assert [key for key in before if not np.array_equal(before[key], after[key])] == [], name
        assert not [key for key, tensor in given.items() if getattr(tensor, "requires_grad", False)], name


def test_real_numbers_are_tensors(task_name, framework):
    """A loop that hands out Python's numbers waits for the device, and cannot be a graph; shapes and counts may be."""
    for name, _, _, _, outputs in stages(task_name, framework):
        plain = {key: value for key, value in outputs.items() if isinstance(value, list | tuple | float)}
        arrays = runtime(framework).get(plain, {})
        assert [key for key, array in arrays.items() if array.dtype.kind == "f"] == [], name


def test_what_is_only_shown_carries_no_graph(task_name, torch_alone):
    """A stage without gradients is `no_grad` in PyTorch: its outputs are numbers, without a memory of their making."""
    for name, _, _, _, outputs in stages(task_name, "torch"):
        if not any("grad" in output for output in load(task_name).stages[name].outputs):
            found = {f"{task_name}/{name}/{key}" for key, a in outputs.items() if getattr(a, "requires_grad", False)}
            assert {key for key in found if not key.endswith((".weight", ".bias"))} <= WITH_GRAPH


def test_a_stage_sets_the_mode_that_it_needs(task_name, torch_alone):
    """Training or evaluation before it makes no difference to a stage of a PyTorch model."""

    def after(mode):
        import torch

        found = {}
        for name, model, _, given, _ in stages(task_name, "torch", call=False):
            if f"{task_name}/{name}" in AS_BUILT:
                continue
            for part in model if isinstance(model, tuple) else (model,):
                if isinstance(part, torch.nn.Module):
                    part.train(mode)
            with contextlib.suppress(Exception):
                outputs = stage_of(implementation_of(load(task_name), "torch"), name)(model, given)
                found |= {f"{name}/{key}": a for key, a in runtime("torch").get(outputs, {}).items()}
        return found

    trained, evaluated = after(True), after(False)
    drawn = {f"{name}/{key}" for name, stage in load(task_name).stages.items() for key in stage.stochastic}
    assert trained.keys() == evaluated.keys()
    for key in trained.keys() - drawn:
        assert np.array_equal(trained[key], evaluated[key], equal_nan=trained[key].dtype.kind == "f"), key


def test_nothing_is_left_behind(task_name, torch_alone):
    """PyTorch's generator goes on as if a stage had not drawn from it; no hook, filter of warnings or mark stays."""
    import sympy  # noqa: F401  # torch imports it when it first needs it, and it brings a filter of its own
    import torch

    for name, model, _, given, _ in stages(task_name, "torch", call=False):
        before, filters = torch.get_rng_state(), list(warnings.filters)
        weights = [w for w in model.values() if isinstance(w, torch.Tensor)] if isinstance(model, dict) else []
        learn = [weight.requires_grad for weight in weights]
        with contextlib.suppress(Exception):  # a declared error
            stage_of(implementation_of(load(task_name), "torch"), name)(model, given)
        assert warnings.filters == filters, name
        assert [weight.requires_grad for weight in weights] == learn, name
        assert torch.equal(before, torch.get_rng_state()) or f"{task_name}/{name}" not in DRAWS_APART, name
        parts = model.modules() if isinstance(model, torch.nn.Module) else ()
        assert not any(part._forward_hooks for part in parts), name


@pytest.mark.tasks(that=lambda task: any(stage.stochastic for stage in task.stages.values()))
def test_what_is_sampled_is_drawn_anew(task_name, framework):
    """A generator that starts alike in each run would be a seed that was picked."""
    drawn = {name for name, stage in load(task_name).stages.items() if stage.stochastic}
    first, second = ({n: o for n, _, _, _, o in stages(task_name, framework)} for _ in range(2))
    for name in drawn:
        for key in load(task_name).stages[name].stochastic:
            one, other = (runtime(framework).get(found[name], {})[key] for found in (first, second))
            assert not np.array_equal(one, other), key


@pytest.mark.parametrize("where", ["digits_training/shuffling", "dropout/native"])
def test_what_draws_apart_does_not_follow_the_processs_seed(where, torch_alone):
    import torch

    task_name, name = where.split("/")
    found = []
    with torch.random.fork_rng():
        for _ in range(2):
            _, model, _, given, _ = next(s for s in stages(task_name, "torch", call=False) if s[0] == name)
            torch.manual_seed(0)
            found.append(stage_of(implementation_of(load(task_name), "torch"), name)(model, given))
    for key in load(task_name).stages[name].stochastic:
        assert not torch.equal(found[0][key], found[1][key]), key


def test_attention_of_heads_that_do_not_divide_is_refused(framework):
    task = dataclasses.replace(load("attention"), config={"heads": 3})
    outputs = run(task, framework, size="tiny")
    assert set(outputs.raised) == set(task.stages)
    assert all(re.search("divide|divisible", str(failure)) for failure in outputs.raised.values())


def test_device_move_says_what_it_finds(framework):
    said = run("device_move", framework).printed["left_behind"].splitlines()
    assert said[0].startswith(
        {"numpy": "NumPy has one device", "torch": "there is no CUDA", "tf": "there is no CUDA"}[framework]
    )
    assert [line.partition(":")[0] for line in said[1:]] == (["refused"] if framework == "torch" else [])


def trains_without_momentum(task):
    return task.limits.get("momentum", (1, 1))[0] == 0 and any(stage.trajectory for stage in task.stages.values())


@pytest.mark.tasks(that=trains_without_momentum)
@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_another_momentum_agrees_too(task_name, framework, momentum):
    """Without momentum there is no buffer, and its output is zero; 0.9 is no number of float32."""
    task = load(task_name)
    task = dataclasses.replace(task, config={**task.config, "momentum": momentum})
    assert [row for row in judge(task, framework) if row.verdict not in PASSING] == []
    buffers = [a for key, a in run(task, framework, dtype="float32").items() if "/momentum." in key]
    assert momentum or not any(buffer.any() for buffer in buffers)


def test_the_weights_that_learn_are_those_with_a_gradient(task_name, torch_alone):
    """A frozen weight, as the second of an LSTM's biases, moves in no training; what learns has its gradient judged."""
    task = load(task_name)
    judged = {o.removeprefix("grad.") for stage in task.stages.values() for o in stage.outputs if o.startswith("grad.")}
    judged |= {"in_proj_bias"} if "query_bias" in judged else set()  # attention's three in one
    for _, model, *_ in stages(task_name, "torch"):
        if judged and hasattr(model, "named_parameters"):
            learns = {name for name, weight in model.named_parameters() if weight.requires_grad}
            assert learns <= judged
            assert not {name for name, _ in model.named_parameters()} - learns & judged
