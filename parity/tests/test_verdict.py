"""Every verdict is given where it is right, and nowhere else."""

import dataclasses
import functools
import math

import numpy as np
import pytest

from parity import Raises, Returns, Stage, Stochastic, UsageError, Where, draw, judge, load, run
from parity.frameworks.runtime import ContractError
from parity.judging import verdict
from parity.judging.run import Failure
from parity.judging.verdict import FALSE_ALARM, PASSING, reference_of
from parity.task import Approximates, Claim, Shape
from parity.tasks import names


@pytest.fixture
def outputs():
    return run("mlp", "numpy")


def verdicts(outputs, task="mlp", framework="numpy", **how):
    return {row.output: (row.verdict, row.units, row.reason) for row in judge(task, framework, outputs, **how)}


def test_rows_stand_in_data_flow_order_and_name_everything(outputs):
    rows = judge("mlp", "numpy", outputs)
    assert [row.output for row in rows] == [
        f"{s}/{o}" for s, stage in load("mlp").stages.items() for o in stage.outputs
    ]
    assert {(r.task, r.framework, r.device, r.dtype, r.mode, r.size) for r in rows} == {
        ("mlp", "numpy", "cpu", "float64", "eager", "tiny")
    }
    assert {row.verdict for row in rows} == {"agrees", "exact"}


class Asked(Exception):
    """What was asked for, instead of it."""


def stop(*given, **how):
    raise Asked(given, how)


@pytest.mark.parametrize(
    ("how", "calls"),
    [({}, None), ({"calls": 2}, {"forward": 2, "backward": 2, "step": 2}), ({"loop": "backward"}, {"backward": 1})],
)
def test_a_run_is_asked_for_as_its_verdict_is(monkeypatch, how, calls):
    task = load("mlp")
    monkeypatch.setattr(verdict, "run", stop)
    way = {"device": "cuda", "dtype": "float32", "mode": "graph", "size": "base"}
    with pytest.raises(Asked) as asked:
        judge(task, "tf", **way, seed=3, **how)
    given, way_of_run = asked.value.args
    arrays = way_of_run.pop("arrays")
    assert given == (task, "tf")
    assert way_of_run == {**way, "calls": calls}
    assert all(np.array_equal(a, b) for a, b in zip(arrays[0].values(), draw(task, "base", seed=3)[0].values()))


@pytest.mark.parametrize(
    ("how", "asked_for"),
    [
        ({}, ("tiny", "float64", 0, 1, "")),
        ({"size": "base", "dtype": "float32", "seed": 3, "calls": 2, "loop": "forward"},
         ("base", "float32", 3, 2, "forward")),
    ],
)  # fmt: skip
def test_a_truth_is_asked_for_as_its_verdict_is(monkeypatch, how, asked_for):
    monkeypatch.setattr(verdict, "reference_of", stop)
    with pytest.raises(Asked) as asked:
        judge("scalar_graph", "tf", {}, **how)
    assert asked.value.args == ((load("scalar_graph"), *asked_for), {})


def test_saved_outputs_are_named_in_the_message():
    with pytest.raises(UsageError, match=r"^outputs\['forward/u'\] holds "):
        judge("scalar_graph", "tf", {"forward/u": ["a"]})


def test_an_unknown_loop_is_refused():
    with pytest.raises(UsageError, match="loop of scalar_graph"):
        judge("scalar_graph", "tf", {}, loop="backwards")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda a: np.where(np.arange(a.size).reshape(a.shape) == 0, np.nan, a), "noise units"),
        (lambda a: np.where(np.arange(a.size).reshape(a.shape) == 0, np.inf, a), "noise units"),
        (lambda a: a.astype(np.float32), "dtype float32"),
        (lambda a: a[:-1], "shape"),
        (lambda a: a[None], "shape"),
        (lambda a: np.rint(a).astype(int), "dtype int64"),
    ],
)
def test_a_nan_or_a_wrong_dtype_or_shape_never_passes(outputs, change, reason):
    outputs["backward/grad.0.weight"] = change(outputs["backward/grad.0.weight"])
    said, units, why = verdicts(outputs)["backward/grad.0.weight"]
    assert (said, units) == ("differs", math.inf)
    assert reason in why


def test_a_missing_output_never_passes(outputs):
    del outputs["step/0.weight"]
    assert verdicts(outputs)["step/0.weight"][:2] == ("differs", math.inf)


def test_an_exact_output_that_is_off_by_one_is_infinitely_wrong(outputs):
    outputs["summary/parameters"] += 1
    assert verdicts(outputs)["summary/parameters"][:2] == ("differs", math.inf)


def test_a_boolean_is_not_an_integer(outputs):
    outputs["summary/shape"] = outputs["summary/shape"].astype(bool)
    assert verdicts(outputs)["summary/shape"][0] == "differs"


@pytest.mark.parametrize(
    ("known", "row", "reason"),
    [
        ({"summary/parameters": 235_147}, "summary/parameters", "states 235147"),  # an integer
        ({"forward/loss": 2.0}, "forward/loss", "states 2.0"),  # a real number
        ({Shape("forward/logits"): (32, 11)}, "forward/logits", "states the shape (32, 11), this is (32, 10)"),
    ],
)
def test_a_value_that_the_exercise_states_is_asserted(known, row, reason):
    task = dataclasses.replace(load("mlp"), known=known)
    found = {row.output: row for row in judge(task, "numpy", dtype="float32", size="base")}[row]
    assert found.verdict == "differs"
    assert reason in found.reason


def test_a_value_is_stated_of_the_exercises_own_settings_alone():
    task = load("mlp")
    task = dataclasses.replace(task, known={"summary/parameters": 1}, config={**task.config, "lr": 0.5})
    rows = judge(task, "numpy", dtype="float32", size="base")
    assert {row.verdict for row in rows if row.output == "summary/parameters"} == {"exact"}


def test_what_is_expected_is_the_truth_or_what_is_declared():
    seven = Returns(compute=lambda params, batch: {"loss": np.array(7.0)})
    task = declared({Where(framework="tf", device="cuda"): seven})
    task = dataclasses.replace(task, stages={"forward": dataclasses.replace(task.stages["forward"], timed=True)})
    way = {"dtype": "float32", "mode": "graph", "size": "tiny"}
    truths = dict(reference_of(task, "tiny", "float32", 1).truths)
    found = verdict.expected(task, "tf", device="cuda", **way, seed=1)
    assert (found["forward/loss"].value, found["forward/logits"]) == (7, truths["forward/logits"])
    assert verdict.expected(task, "tf", device="cpu", **way, seed=1) == truths
    first = reference_of(task, "tiny", "float32").truths
    assert verdict.expected(task, "tf", device="cpu", **way)["forward/loss"] is first["forward/loss"]


def test_a_value_within_rounding_of_the_stated_one_is_known():
    loss = float(run("mlp", "numpy", dtype="float64", size="base")["forward/loss"])
    task = dataclasses.replace(load("mlp"), known={"forward/loss": loss, Shape("forward/logits"): (32, 10)})
    rows = judge(task, "numpy", dtype="float32", size="base")
    assert {row.verdict for row in rows} <= {"agrees", "exact", "holds"}


@pytest.mark.parametrize(
    ("holds", "changed", "verdict"),
    [
        (lambda out: out["forward/loss"] > 0, {}, "holds"),
        (lambda out: out["forward/loss"] < 0, {}, "differs"),
        (lambda out: out["forward/nothing"] < 0, {}, "differs"),  # the stage raised
        (lambda out: out["forward/loss"] < 0, {"config": {"lr": 0.5}}, "lapsed"),  # not the exercise's own settings
    ],
)
def test_a_claim_must_hold_at_the_exercises_own_settings(holds, changed, verdict):
    claim = Claim(holds=holds, broken_by=next(iter(load("mlp").faults)))
    task = dataclasses.replace(load("mlp"), claims={"so it is": claim}, **changed)
    found = [row for row in judge(task, "numpy", dtype="float32", size="base") if row.output == "claim/so it is"]
    assert [row.verdict for row in found] == [verdict]
    assert (verdict in PASSING) == (verdict != "differs")
    other = {row.output: row.verdict for row in judge(task, "numpy", dtype="float32", size="base", seed=1)}
    assert other["claim/so it is"] == ("holds" if verdict == "holds" else "lapsed")


def test_a_claim_is_about_the_frameworks_that_it_names():
    claim = Claim(holds=lambda out: False, broken_by=next(iter(load("mlp").faults)), frameworks=("torch",))
    task = dataclasses.replace(load("mlp"), claims={"so it is": claim})
    assert not [row for row in judge(task, "numpy", dtype="float32", size="base") if row.output.startswith("claim")]


def test_a_stage_that_raises_is_an_error_and_the_others_go_on(outputs):
    outputs.raised["backward"] = Failure.of(ValueError("no\nsuch luck"))
    found = verdicts(outputs)
    assert found["backward"] == ("error", None, "ValueError: no")
    assert found["step/loss"][0] == "agrees"


def declared(expected_divergence):
    stages = {"forward": Stage(outputs=("logits", "loss"), expected_divergence=expected_divergence)}
    return dataclasses.replace(load("mlp"), stages=stages, known={}, claims={}, shows=())


@pytest.mark.parametrize(
    ("error", "match", "verdict"),
    [
        ("ValueError", "of range", "raises"),
        ("Exception", "of range", "raises"),  # a base class is enough
        ("TypeError", "of range", "differs"),
        ("ValueError", "of reach", "differs"),
    ],
)
def test_a_declared_error_must_be_raised_as_declared(outputs, error, match, verdict):
    task = declared({Where(framework="numpy"): Raises(error=error, match=match)})
    outputs.raised["forward"] = Failure.of(ValueError("label out of range"))
    assert [row.verdict for row in judge(task, "numpy", outputs)] == [verdict]


def test_a_declared_error_that_is_not_raised_differs(outputs):
    task = declared({Where(framework="numpy"): Raises(error="ValueError", match="")})
    assert [row.verdict for row in judge(task, "numpy", outputs)] == ["differs"]


def test_a_declared_value_is_judged_as_any_other(outputs):
    def doubled(params, batch):
        return {name: 2 * run("mlp", "numpy", dtype=str(batch["x"].dtype).replace("float128", "longdouble"),
                              arrays=(params, batch))[f"forward/{name}"] for name in ("logits", "loss")}  # fmt: skip

    task = declared({Where(framework="numpy"): Returns(compute=doubled)})
    assert {row.verdict for row in judge(task, "numpy", outputs)} == {"differs"}
    for name in ("logits", "loss"):
        outputs[f"forward/{name}"] *= 2
    assert {row.verdict for row in judge(task, "numpy", outputs)} == {"agrees"}


def test_a_declared_draw_is_judged_as_any_other(outputs):
    draw = Stochastic(expected=lambda params, batch: 0.5, error=lambda params, batch: 0.01)
    task = declared({Where(framework="numpy"): Returns(compute=lambda params, batch: {}, stochastic={"loss": draw})})
    outputs["forward/loss"] = np.array(0.51)
    assert [row.verdict for row in judge(task, "numpy", outputs)] == ["agrees", "statistical"]


@pytest.mark.parametrize(
    ("units", "dtype", "device", "verdict"),
    [
        (20, "float32", "cuda", "agrees"),
        (100, "float32", "cuda", "approximates"),
        (350, "float32", "cuda", "differs"),
        (100, "float64", "cuda", "differs"),
        (100, "float32", "cpu", "differs"),
        (math.nan, "float32", "cuda", "differs"),
    ],
)
def test_a_declared_approximation_is_bounded_by_its_units(units, dtype, device, verdict):
    what = Approximates(entry="RNN-CUDNN-TANH", units=300)
    stage = dataclasses.replace(
        load("mlp").stages["forward"], expected_divergence={Where(framework="torch", device="cuda"): what}
    )
    task = dataclasses.replace(load("mlp"), stages={"forward": stage}, known={}, claims={}, shows=())
    truth = reference_of(task, "tiny", dtype).truths["forward/logits"]
    outputs = run(task, "numpy", dtype=dtype)
    outputs["forward/logits"] = (truth.value + units * truth.noise).astype(dtype)
    found = verdicts(outputs, task, "torch", device=device, dtype=dtype)["forward/logits"]
    assert found[0] == verdict
    assert verdict != "approximates" or (90 < found[1] < 110 and found[2] == "RNN-CUDNN-TANH: 300 at most")


def test_the_most_specific_declaration_holds():
    everywhere, compiled = Raises(error="A", match=""), Raises(error="B", match="")
    stage = Stage(
        outputs=(), expected_divergence={Where(framework="tf", mode="xla"): compiled, Where(framework="tf"): everywhere}
    )
    assert stage.declaration("tf", "eager", "cpu") is everywhere
    assert stage.declaration("tf", "xla", "cpu") is compiled
    assert stage.declaration("torch", "xla", "cpu") is None


@pytest.mark.parametrize(
    ("shift", "verdict"), [(0, "statistical"), (5, "statistical"), (7, "differs"), (-7, "differs")]
)
def test_a_sampled_output_lies_within_the_deviation_of_chance(outputs, shift, verdict):
    mean = Stochastic(expected=lambda params, batch: 0.5, error=lambda params, batch: 0.01)
    task = dataclasses.replace(
        load("mlp"),
        stages={"forward": Stage(outputs=("logits", "loss"), stochastic={"loss": mean})},
        known={},
        claims={},
        shows=(),
    )
    outputs["forward/loss"] = np.array(0.5 + shift * 0.01)
    assert judge(task, "numpy", outputs)[1].verdict == verdict


def test_a_run_has_fewer_sampled_values_than_its_false_alarm_rate_allows():
    """One run in 10⁶ may fail by chance: all tasks' sampled values, in three frameworks, both dtypes and two sizes."""
    values = 0
    for name in names():
        task = load(name)
        for size in ("tiny", "base"):
            for stage in task.stages.values():
                for sampled in stage.stochastic.values():
                    values += 3 * 2 * np.size(sampled.expected(*draw(task, size)))
    assert values * FALSE_ALARM <= 1e-6


def test_a_gradient_that_is_zero_in_theory_is_judged_by_its_sibling(outputs):
    """Such a gradient is only noise; by its own scale any error would be infinite."""
    key, sibling = "backward/grad.0.bias", "backward/grad.2.bias"
    task = dataclasses.replace(load("mlp"), noise_from={key: sibling})
    own = verdicts(outputs)[key][1]
    by_sibling = verdicts(outputs, task)[key][1]
    assert by_sibling != own
    assert by_sibling > 0


def test_a_task_without_its_files_is_named():
    task = dataclasses.replace(load("mlp"), name="nowhere")
    with pytest.raises(ContractError, match=r"impl_numpy/nowhere\.py is missing"):
        draw(task, "tiny")


def test_draws_repeat_themselves_and_differ_by_seed():
    first, again, other = draw(load("mlp"), "tiny"), draw(load("mlp"), "tiny"), draw(load("mlp"), "tiny", seed=1)
    assert all(np.array_equal(first[0][name], again[0][name]) for name in first[0])
    assert not any(np.array_equal(first[0][name], other[0][name]) for name in first[0])
    truth_of_other = reference_of(load("mlp"), "tiny", "float32", 1)
    assert all(np.array_equal(truth_of_other.arrays[0][name], other[0][name]) for name in first[0])


def test_a_draw_is_a_copy():
    draw(load("mlp"), "tiny")[0]["0.weight"][:] = 0
    assert draw(load("mlp"), "tiny")[0]["0.weight"].any()


def test_a_draw_at_a_kink_is_rejected():
    """A pre-activation almost at zero: in float32, rounding decides its sign."""
    task = load("mlp")

    @functools.wraps(task.make)
    def near(rng, **size):
        params, batch = task.make(rng, **size)
        params["0.bias"] = 1e-7 - params["0.weight"] @ batch["x"][0]
        return params, batch

    with pytest.raises(ContractError, match="too near a kink"):
        draw(dataclasses.replace(task, make=near), "tiny")
