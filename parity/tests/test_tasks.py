"""Every task, in every framework: against the truth, over many seeds, and with faults planted."""

import dataclasses
import math

import numpy as np
import pytest

from parity import draw, judge, load, run
from parity.faults import plant
from parity.judging.noise import LIMIT, rms
from parity.judging.verdict import PASSING, reference_of
from parity.task import cast

RUNS = [("float64", "tiny"), ("float32", "tiny"), ("float32", "base")]
SEEN = 300  # noise units that every planted fault must exceed


@pytest.mark.parametrize(("dtype", "size"), RUNS)
def test_agrees(task_name, framework, device, dtype, size, record_property):
    rows = judge(task_name, framework, device=device, dtype=dtype, size=size)
    assert bool(rows) == (device == "cpu" or bool(load(task_name).loops))
    assert [row for row in rows if row.verdict not in PASSING] == []
    units, output = max(((row.units or 0.0, row.output) for row in rows), default=(0.0, ""))
    record_property("units", (framework, dtype, units, f"{task_name} {size} {output}"))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_third_call_on_one_model_agrees(task_name, framework, device, dtype):
    """Loops are called again and again: gradients that are not zeroed, and weights that are not moved, show there."""
    rows = judge(task_name, framework, device=device, dtype=dtype, calls=3)
    assert {row.output.partition("/")[0] for row in rows} == set(load(task_name).loops)
    assert [row for row in rows if row.verdict not in PASSING] == []


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_agrees_on_many_seeds(task_name, framework, device, dtype, request, record_property):
    """On other inputs than the ones that everybody sees, which have seed 0."""
    seeds = range(1, 1 + request.config.getoption("--seeds"))
    rows = [row for seed in seeds for row in judge(task_name, framework, device=device, dtype=dtype, seed=seed)]
    assert [row for row in rows if row.verdict not in PASSING] == []
    record_property("every unit", [row.units for row in rows if row.verdict == "agrees"])


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_planted_faults_are_seen(task_name, dtype, record_property):
    task = load(task_name)
    assert len(task.faults) >= 3
    for name, fault in task.faults.items():
        arrays = plant(fault, draw(task, "tiny"))
        backend = dataclasses.replace(task, config={**task.config, **(fault.config or {})})
        outputs = run(backend, "numpy", dtype=dtype, arrays=arrays)
        if fault.outputs is not None:
            outputs.update(fault.outputs(outputs))
        units = max(row.units or 0.0 for row in judge(task, "numpy", outputs, dtype=dtype))
        assert units > SEEN, name
        if math.isfinite(units):
            record_property("fault", (units, f"{task_name} {dtype}: {name}"))


@pytest.mark.parametrize("size", ["tiny", "base"])
def test_the_truth_is_not_chaotic(task_name, size):
    """A computation that amplifies rounding too much would let any error pass."""
    task = load(task_name)
    sampled = {f"{name}/{output}" for name, stage in task.stages.items() for output in stage.stochastic}
    for key, truth in reference_of(task, size, "float32").truths.items():
        if np.issubdtype(truth.value.dtype, np.floating) and key not in {*task.noise_from, *sampled}:
            finite = truth.value[np.isfinite(truth.value)]
            assert truth.noise <= 2**-10 * np.sqrt(np.mean(finite**2)) or not finite.any(), key


@pytest.mark.parametrize("size", ["tiny", "base"])
def test_a_gradient_judged_by_a_siblings_noise_is_zero_in_theory(task_name, size):
    """`noise_from` is for gradients that are zero except for rounding; any other would be judged too leniently."""
    truths = reference_of(load(task_name), size, "float32").truths
    where = f"parity/tasks/{task_name}.py: noise_from"
    for key, sibling in load(task_name).noise_from.items():
        zero, noise = rms(truths[key].value), truths[sibling].noise
        assert zero < noise, f"{where}: {key} is {zero:.3g}, not zero ({noise:.1g} at most)"


def test_gradients_are_derivatives(task_name):
    """The NumPy implementation against central differences in longdouble, along a random direction each."""
    task = load(task_name)
    params, batch = (cast(arrays, "longdouble") for arrays in draw(task, "tiny"))
    truths = reference_of(task, "tiny", "float32").truths
    rng = np.random.default_rng(0)
    step = np.longdouble(2) ** -20

    def objective(of, arrays):
        outputs = run(task, "numpy", dtype="longdouble", arrays=arrays)
        return sum(np.sum(outputs[key] * (batch[weights] if weights else 1)) for key, weights in of.items())

    for stage_name, stage in task.stages.items():
        gradients = [output for output in stage.outputs if output.startswith("grad.")]
        assert bool(gradients) <= bool(stage.derivative_of or stage.trajectory), (
            f"{stage_name}: derivative_of is missing"
        )
        if not stage.derivative_of:
            continue
        analytic = run(task, "numpy", dtype="longdouble", arrays=(params, batch))
        for output in gradients:
            name = output.removeprefix("grad.")
            source = params if name in params else batch
            direction = rng.normal(size=source[name].shape).astype(np.longdouble)
            ends = []
            for sign in (1, -1):
                moved = source | {name: source[name] + sign * step * direction}
                arrays = (moved, batch) if source is params else (params, moved)
                ends.append(objective(stage.derivative_of, arrays))
            slope = (ends[0] - ends[1]) / (2 * step)
            key = f"{stage_name}/{output}"
            noise = truths[task.noise_from.get(key, key)].noise * np.linalg.norm(direction.astype(float))
            assert abs(slope - np.sum(analytic[key] * direction)) <= LIMIT * noise, key
