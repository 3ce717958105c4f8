"""The numbers of the contract, which design and README state, and what happens exactly at them."""

import dataclasses
import zlib

import numpy as np
import pytest

from parity import Stage, Stochastic, UsageError, draw, judge, load, run, truth_of
from parity.frameworks.runtime import ContractError
from parity.judging import inputs, noise, verdict
from parity.judging.noise import LIMIT, UNIT, Spread, Truth, flush, measured_truth, noise_units
from parity.task import Shape

X = np.array([1.0, 2.0, 3.0])


def test_the_numbers_are_those_that_are_stated():
    assert (LIMIT, noise.SAMPLES, noise.JITTER) == (30, 8, 2**-24)
    assert UNIT == {"float32": 2**-24, "float64": 2**-53}
    assert (inputs.MARGIN, inputs.TRAJECTORY_MARGIN, inputs.ATTEMPTS) == (2**-18, 2**-14, 1000)
    assert verdict.FALSE_ALARM == 1e-9


@pytest.mark.parametrize(("deviations", "said"), [(6.1, "statistical"), (-6.1, "statistical"), (6.12, "differs")])
def test_a_sampled_value_is_judged_at_one_false_alarm_in_a_billion(deviations, said):
    """|z| > 6.109 once in 10⁹, both sides together."""
    sampled = {"loss": Stochastic(expected=lambda params, batch: 0.5, error=lambda params, batch: 0.01)}
    forward = {"forward": Stage(outputs=("logits", "loss"), stochastic=sampled)}
    task = dataclasses.replace(load("mlp"), stages=forward, known={}, claims={}, shows=())
    outputs = run(task, "numpy")
    outputs["forward/loss"] = np.array(0.5 + deviations * 0.01)
    row = judge(task, "numpy", outputs)[1]
    assert (row.verdict, row.units, row.reason) == (said, None, f"{abs(deviations):.2f} standard errors, 6.11 at most")


@pytest.mark.parametrize(("noise", "peak"), [(0.0, 1.0), (1.0, 0.0)])
def test_either_scale_alone_may_be_missing(noise, peak):
    assert noise_units([1.0], [2.0], noise=noise, peak=peak) == np.inf
    assert noise_units([2.0], [2.0], noise=noise, peak=peak) == 0


def test_a_difference_below_float64_counts():
    truth = np.longdouble(1) + np.finfo(np.longdouble).eps
    if truth == np.float64(truth):
        pytest.skip("longdouble is float64 here")
    error = float(truth - 1)
    assert noise_units(np.float64(1), truth, noise=error, peak=2 * error) == 1


def test_the_smallest_normal_number_is_kept():
    least = np.finfo("float32").smallest_normal
    assert flush(np.array([least, -least, least / 2]), "float32").tolist() == [least, -least, 0]


def test_a_spread_counts_both_signs_and_what_is_small():
    spread = Spread()
    for jitter in (np.array([-3.0, 1.0]), np.array([0.5, 1.0])):
        spread.add(jitter)
    truth = spread.truth(np.array([-(2.0**-30), 0.0]), UNIT["float32"])
    assert truth.peak == 3
    assert Spread().truth(np.array([-(2.0**-30), 0.0]), UNIT["float32"]).peak == 2.0**-54
    assert Spread().truth(np.array([2.0, -2.0]), UNIT["float32"]).noise == UNIT["float32"] * 2 / np.sqrt(3)


def test_at_large_two_jittered_truths_must_do(monkeypatch):
    asked = []
    monkeypatch.setattr(verdict, "measured_truth", lambda *given, samples: asked.append(samples) or {})
    task = dataclasses.replace(load("scalar_graph"))  # no other test's, since a reference is kept
    task = dataclasses.replace(task, sizes=dict.fromkeys(("tiny", "base", "large"), task.sizes["tiny"]))
    for size in task.sizes:
        verdict.reference_of(task, size, "float32")
    assert asked == [8, 8, 2]


def test_a_reference_of_float64_must_compute_in_longdouble():
    def narrow(params, batch):
        if batch["x"].dtype != np.float64:
            raise TypeError("no such dtype")
        return {"y": 2 * batch["x"]}

    with pytest.raises(UsageError, match="needs a function that computes in NumPy's longdouble"):
        truth_of(narrow, {"labels": np.arange(3)}, {"x": X}, "float64")


def test_a_mistake_in_a_reference_is_its_own():
    def mistaken(params, batch):
        raise TypeError("mine")

    with pytest.raises(TypeError, match=r"^mine$"):
        truth_of(mistaken, {}, {"x": X}, "float32")


def test_a_sibling_lends_both_scales():
    truth = Truth(value=X, noise=1.0, peak=2.0).with_noise_of(Truth(value=X[:1], noise=3.0, peak=4.0))
    assert (truth.value is X, truth.noise, truth.peak) == (True, 3.0, 4.0)
    assert Truth(value=X) == Truth(value=X, noise=0.0, peak=0.0)


def test_what_is_infinite_has_no_part_in_the_scales():
    def with_infinity(params, batch):
        return {"y": np.concatenate([batch["x"], batch["x"][:1] * np.inf]), "x": batch["x"] * 1}

    truths = measured_truth(with_infinity, {}, {"x": X}, "float32")
    assert np.isinf(truths["y"].value).tolist() == [False, False, False, True]
    assert (truths["y"].noise, truths["y"].peak) == (truths["x"].noise, truths["x"].peak)


def test_a_function_that_changes_its_inputs_changes_its_own_alone():
    def greedy(params, batch):
        batch["n"] += 1
        batch["x"] *= batch["n"]
        return {"y": batch["x"]}

    def modest(params, batch):
        return {"y": batch["x"] * (batch["n"] + 1)}

    found, expected = (measured_truth(f, {}, {"x": X, "n": np.array([1])}, "float32")["y"] for f in (greedy, modest))
    assert found.noise == expected.noise


def test_a_reference_may_return_nan_integers_and_what_does_not_move(recwarn):
    def compute(params, batch):
        return {"nan": batch["x"] * np.nan, "count": np.arange(3), "constant": np.ones(3), "y": 2 * batch["x"]}

    assert truth_of(compute, {}, {"x": X}, "float32")["count"].value.tolist() == [0, 1, 2]
    assert not recwarn


def test_a_reference_must_return_the_same_names_twice():
    calls = []

    def compute(params, batch):
        calls.append(1)
        return {"y": batch["x"]} if len(calls) == 1 else {"z": batch["x"]}

    with pytest.raises(UsageError, match="'y' is not the same in two calls"):
        truth_of(compute, {}, {"x": X}, "float32")


def test_the_warning_is_about_the_callers_line():
    with pytest.warns(UserWarning, match="no output moves") as found:
        truth_of(lambda params, batch: {"y": np.ones(3)}, {}, {"x": X}, "float32")
    assert [warning.filename for warning in found] == [__file__]


@pytest.mark.parametrize(
    ("change", "size", "words"),
    [
        ({"layout": {"nowhere": "oi"}}, "tiny", "the layout names 'nowhere'"),
        ({"layout": {"0.weight": "oi", "weight": "oi", "logits": "oi"}}, "tiny", ""),
        ({"known": {Shape("nowhere"): (1,)}}, "tiny", "the shape of 'nowhere' is known, and there is no such input"),
        ({"known": {Shape("x"): (3, 3)}}, "tiny", ""),  # stated of base
        ({"known": {Shape("x"): (3, 3)}}, "base", r"states the shape \(3, 3\) of 'x', this is \(32, 784\)"),
    ],
)
def test_a_specification_that_names_what_does_not_exist_is_refused(change, size, words):
    task = dataclasses.replace(load("mlp"), **change)
    if not words:
        draw(task, size)
        return
    with pytest.raises(ContractError, match=words):
        draw(task, size)


def test_a_cotangent_that_is_not_in_the_batch_is_refused():
    task = load("conv_block")
    stages = {"backward": dataclasses.replace(task.stages["backward"], derivative_of={"backward/grad.x": "nowhere"})}
    with pytest.raises(ContractError, match="'backward' names the cotangent 'nowhere', which is not in the batch"):
        draw(dataclasses.replace(task, stages=stages, noise_from={}, known={}, claims={}, shows=(), faults={}), "tiny")


@pytest.mark.parametrize("seed", [0, 2])
def test_a_draw_is_numbered_and_seeded_by_the_tasks_name(seed):
    task = load("sgd_step")  # smooth: its first draw is taken
    rng = np.random.default_rng([zlib.crc32(b"sgd_step"), 1000 * seed])
    params, batch = task.make(rng, **task.drawn_from("tiny"))
    drawn = draw(task, "tiny", seed=seed)
    assert all(np.array_equal(a, {**drawn[0], **drawn[1]}[name]) for name, a in {**params, **batch}.items())


def test_one_stage_near_a_kink_rejects_a_draw(monkeypatch):
    asked = []
    monkeypatch.setattr(inputs, "comes_near_a_kink", lambda task, name, *rest: asked.append(name) or name == "step")
    with pytest.raises(ContractError, match="1000 draws"):
        draw(dataclasses.replace(load("mlp")), "tiny")
    assert asked.count("step") == 1000


def test_an_unknown_size_is_refused():
    with pytest.raises(UsageError, match="size"):
        draw(load("mlp"), "huge")


def test_a_shape_is_known_of_the_exercises_own_settings_alone():
    task = load("mlp")
    changed = dataclasses.replace(task, known={Shape("nowhere"): (1,)}, config={**task.config, "lr": 0.5})
    draw(changed, "tiny")


def test_for_timing_alone_the_first_draw_is_taken():
    """A draw at a kink, which is refused where derivatives are compared."""
    task, make = load("mlp"), load("mlp").make

    def near(rng, n, inputs, hidden, narrow, classes):
        params, batch = make(rng, n=n, inputs=inputs, hidden=hidden, narrow=narrow, classes=classes)
        params["0.bias"] = 1e-7 - params["0.weight"] @ batch["x"][0]
        return params, batch

    task = dataclasses.replace(task, make=near, sizes={"tiny": task.sizes["tiny"]})
    draw(task, "tiny", judged=False)
    with pytest.raises(ContractError, match="1000 draws of size 'tiny' all lie too near a kink"):
        draw(task, "tiny")
