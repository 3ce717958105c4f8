"""The report says the worst, in full, and nothing twice."""

from dataclasses import replace

import numpy as np
import pytest

from parity import Truth, load
from parity.judging import report
from parity.judging.run import Failure, Outputs
from parity.judging.sweep import Job, Result, worst_elements
from parity.tests.screens import screen

SHAPE = (2, 5)  # more elements than are shown in full


def result(
    framework="numpy", value=0.0, *, verdict="agrees", units=1.0, mode="eager", device="cpu", output="forward/loss",
    name="mlp", dtype="float32", size="tiny", reason="so it is",
):  # fmt: skip
    """A run whose `forward/logits` is 0, 1, ... 9 plus `value`, and whose other output has `units`."""
    job = Job.of(load(name), framework, device, dtype, mode, size)
    outputs = Outputs({"forward/logits": np.arange(10, dtype=np.float32).reshape(SHAPE) + np.float32(value)})
    outputs["forward/loss"] = np.float32(2.5)
    rows = [job.row("agrees", "", "forward/logits"), job.row(verdict, reason, output)]
    return Result(job, [replace(row, units=u) for row, u in zip(rows, (0.25, units), strict=True)], outputs)


def alone(run):
    """The run without its first output."""
    return replace(run, rows=run.rows[1:])


def absent(framework, **changed):
    """A run that is not possible here."""
    return replace(alone(result(framework, verdict="unavailable", units=None, **changed)), outputs=Outputs())


def lines(*renderables):
    return [" ".join(line.split()) for line in screen(*renderables, width=160).lines if line.strip()]


def test_the_summary_has_the_worst_units_of_each_framework_and_the_output_that_has_them():
    runs = [
        result(units=29.4), result("torch", units=1234.5, verdict="differs"), result("tf"),
        *(alone(result(f, units=0.0, verdict="exact", name="conv_block")) for f in ("numpy", "tf")),
        absent("torch", name="conv_block"),
        result(units=0.5, name="lstm"), result("torch", units=0.125, name="lstm", size="base"),
        absent("tf", name="attention"),
    ]  # fmt: skip
    runs[2].rows[1:] = [runs[2].job.row("unavailable", "a stage is left out", "")]
    found = screen(report.summary_table(runs))
    assert found.lines == [
        "Worst noise units (30 or less agrees)",
        "task       numpy    torch    tf output",
        "mlp         29.4 1.23e+03  0.25 forward/loss",
        "conv_block exact      n/a exact",
        "lstm         0.5     0.25   n/a forward/loss",
        "attention    n/a      n/a   n/a",
    ]
    styles = {
        "mlp": "bold", "29.4": "green", "1.23e+03": "bold red", "n/a": "dim", "exact": "green", "forward/loss": "dim",
    }  # fmt: skip
    assert found.styles.items() >= styles.items()


@pytest.mark.parametrize(
    ("view", "last"),
    [
        (report.summary_table, "resnet18_transfer 1 1 1 forward/grad.layers.1.weight"),
        (report.outputs_table, "forward/grad.layers.1.weight 1 1 1"),
    ],
)
def test_on_a_narrow_screen_names_stay_whole(view, last):
    runs = [
        result(framework, device="cuda", mode=mode, name="resnet18_transfer", output="forward/grad.layers.1.weight")
        for framework, mode in (("numpy", "eager"), ("torch", "compile"), ("tf", "graph"))
    ]
    assert screen(view(runs), width=60).lines[-1].split() == last.split()


def test_an_output_that_differs_is_worse_than_any_units_and_an_error_is_worst():
    runs = [
        result(units=29.0),
        result("torch", units=1.0, verdict="differs"),
        result("tf", units=None, verdict="error"),
    ]
    assert lines(report.summary_table(runs))[-1] == "mlp 29 1 error forward/loss"
    assert lines(report.summary_table(runs[:2]))[-1] == "mlp 29 1 forward/loss"


def test_more_ways_than_three_leave_no_room_for_the_output():
    runs = [result(), result("torch"), result("tf"), result("tf", mode="xla", device="cuda")]
    assert lines(report.summary_table(runs))[-2:] == ["task numpy torch tf tf cuda xla", "mlp 1 1 1 1"]


def test_the_totals_count_verdicts_and_say_the_worst_and_what_is_missing():
    runs = [
        result(units=3.0), result(units=2.0), result("numpy", units=5.0, dtype="float64"),
        result("torch", units=40.0, verdict="differs", size="base"), result("torch", units=50.0),
        absent("torch", device="cuda"), absent("torch", device="cuda", size="base"), absent("tf", device="cuda"),
        absent("tf", reason="pip install 'tf[cpu]' 2"),
        absent("tf", reason="pip install 'tf[cpu]' 2"), absent("tf", reason="no 3"),
    ]  # fmt: skip
    for run in runs[:2]:
        run.outputs.printed["summary"] = "one [b]\ntwo 2"
        run.vacuous[:] = ["forward/loss", "step/w[b]"]
    found = screen(lambda console: report.totals(console, runs, 12.4), width=110)
    assert found.lines == [
        "9 agrees, 1 differs, 6 unavailable in 12 s",
        "  numpy float32: worst 3 in mlp tiny forward/loss",
        "  numpy float64: worst 5 in mlp tiny forward/loss",
        "  torch float32: worst 40 in mlp base forward/loss",
        "  mlp summary, numpy: one [b]",
        "  mlp summary, numpy: two 2",
        "  mlp: these outputs test nothing, since they are zero or equal to an input: forward/loss, step/w[b]",
        "  unavailable, 2 runs: pip install 'tf[cpu]' 2",
        "  unavailable, 1 run: no 3",
        "  unavailable, 3 runs: no CUDA here for torch, tf; parity doctor shows the install commands",
    ]
    styles = {
        "9": "bold green", "1": "bold red", "6": "bold dim cyan", found.lines[3].strip(): "bold red",
        found.lines[6].strip(): "yellow", found.lines[8].strip(): "dim",
    }  # fmt: skip
    assert found.styles.items() >= styles.items()
    assert not found.styles.keys() & set("32")  # the other lines are plain


def test_every_output_stands_with_its_units_and_its_largest_difference_to_torch():
    mine, theirs = result(units=0.0, verdict="exact"), result("torch", units=None)
    mine.outputs["forward/logits"][0, 0] -= 0.125  # the greatest difference is a negative one, in one place
    theirs.rows[1:1] = [theirs.job.row("error", "", "backward")]  # a stage's verdict is not the last
    late = result("tf", units=None, verdict="error", output="step")
    late.rows += [late.job.row("holds", "", "claim/so it is"), late.job.row("unavailable", "", "backward")]
    other = [result(dtype="float64"), result("torch", size="base", verdict="differs", output="forward/y")]
    found = screen(report.outputs_table([late, mine, theirs, *other, absent("tf", mode="xla")]))
    assert found.lines == [
        "Every output: noise units; Δ is the largest |difference| to torch",
        "output                         tf   numpy    torch  Δ tf Δ numpy",
        "mlp tiny f32",
        "forward/logits               0.25    0.25     0.25     0    0.12",
        "forward/loss                    -   exact   agrees     0       0",
        "backward              unavailable       -    error     -       -",
        "step                        error       -        -     -       -",
        "mlp tiny f64",
        "forward/logits                  -    0.25        -     -       -",
        "forward/loss                    -       1        -     -       -",
        "mlp base f32",
        "forward/logits                  -       -     0.25     -       -",
        "forward/y                       -       -        1     -       -",
    ]
    styles = {
        "mlp tiny f32": "bold", "0.25": "green", "0.12": "dim", "-": "dim", "exact": "green", "agrees": "green",
        "error": "bold magenta", "1": "bold red",
    }  # fmt: skip
    assert found.styles.items() >= styles.items()


def test_a_difference_to_torch_is_of_numbers_of_one_shape_and_infinities_that_are_the_same_are_none():
    mine, torch = result(), result("torch")
    values = {
        "forward/logits": ([1.0, np.inf], [0.5, np.inf]), "forward/loss": (np.empty(0), np.empty(0)),
    }  # fmt: skip
    for key, (one, other) in values.items():
        mine.outputs[key], torch.outputs[key] = np.asarray(one), np.asarray(other)
    assert gaps(mine, torch) == ["0.5", "0"]
    mine.outputs["forward/logits"] = torch.outputs["forward/logits"] = np.array([True, False])
    torch.outputs["forward/loss"] = np.empty(1)
    assert gaps(mine, torch) == ["-", "-"]
    del mine.outputs["forward/logits"], torch.outputs["forward/loss"]
    assert gaps(mine, torch) == ["-", "-"]
    assert "Δ" not in lines(report.outputs_table([mine]))[1]


def gaps(*runs):
    return [line.split()[-1] for line in lines(report.outputs_table(runs))[-2:]]


def test_a_large_value_is_shown_by_its_first_and_last_element_and_a_small_one_in_full():
    run, other = result(value=0.5), result("torch")
    run.outputs["forward/loss"] = np.arange(6).reshape(2, 3)
    other.outputs["forward/logits"], other.outputs["forward/loss"] = np.arange(7), np.float32(1 / 3)
    late = result("tf", output="forward")
    del late.outputs["forward/logits"]
    late.outputs.raised["forward"] = Failure(("ValueError", "Exception"), "no", "Traceback ...")
    found = screen(
        report.values_table([run, other, late, result("torch", name="conv_block"), absent("tf", mode="xla")])
    )
    assert found.lines == [
        "Every output: its value",
        "output              numpy            torch        tf",
        "mlp tiny f32",
        "forward/logits      2x5: 0.5 ... 9.5 7: 0 ... 6   -",
        "forward/loss        2x3: 0 1 2 3 4 5 0.33333      2.5",
        "forward             -                -            ValueError",
        "conv_block tiny f32",
        "forward/logits      -                2x5: 0 ... 9 -",
        "forward/loss        -                2.5          -",
    ]
    styles = {
        "2x5:": "dim", "-": "dim", "conv_block tiny f32": "bold",
    }  # fmt: skip
    assert found.styles.items() >= styles.items()


@pytest.fixture
def wrong():
    """A run with two outputs that differ; the second element is furthest from the truth, then the last."""
    run = result("torch", verdict="differs", units=40.0)
    run.rows.insert(1, run.job.row("differs", "31 noise units [b]", "forward/logits"))
    del run.rows[0]
    true = run.outputs["forward/logits"].astype(float)
    run.outputs["forward/logits"][0, 1] -= 4.125
    run.outputs["forward/logits"][1, 4] += 2
    run.truths["forward/logits"] = Truth(value=true, noise=0.25, peak=0.5)
    return run


def test_the_worst_elements_come_first_whatever_their_sign(wrong):
    assert worst_elements(wrong, "forward/logits") == [(0, 1), (1, 4)]
    assert worst_elements(wrong, "forward/logits", count=1) == [(0, 1)]
    wrong.outputs["forward/logits"][1, 0] = np.nan
    assert worst_elements(wrong, "forward/logits", count=2) == [(1, 0), (0, 1)]
    assert worst_elements(wrong, "forward/loss") == []


def test_a_difference_is_shown_with_truth_values_units_and_the_first_is_marked(wrong):
    suspects = {("mlp", "forward/logits"): "look at [b] 1"}
    found = screen(lambda console: report.differences(console, [result(), wrong, absent("tf")], suspects))
    assert found.lines == [
        "",
        "differs mlp forward/logits torch cpu float32 eager tiny, the first in data-flow",
        "order",
        "  31 noise units [b]",
        "  look at [b] 1",
        " index truth numpy  torch units absolute",
        "[0, 1]     1     1 -3.125  8.25     4.12",
        "[1, 4]     9     9     11     4        2",
        "",
        "differs mlp forward/loss torch cpu float32 eager tiny",
        "  so it is",
    ]
    styles = {
        "differs": "bold red", "mlp forward/logits": "bold", "look at": "yellow",
    }  # fmt: skip
    assert found.styles.items() >= styles.items()


def test_beside_a_wrong_element_stand_those_of_the_runs_most_like_it(wrong):
    others = [
        result(value=0.1), result(value=0.2, mode="compile"), result(value=0.3, device="cuda"),
        result("tf", value=0.4, device="cuda"), result("tf", value=0.5, device="cuda", mode="compile"),
        result(value=0.6, name="conv_block"), result(value=0.7, size="base"), result(value=0.8, dtype="float64"),
    ]  # fmt: skip
    found = screen(lambda console: report.differences(console, [wrong, *others], {}))
    assert found.lines[4:7] == [
        " index truth  tf numpy  torch units absolute",
        "[0, 1]     1 1.4   1.1 -3.125  8.25     4.12",
        "[1, 4]     9 9.4   9.1     11     4        2",
    ]


def test_a_wrong_mask_is_shown_too():
    run = result("tf", verdict="differs", output="forward/mask")
    run.outputs["forward/mask"] = np.array([True, True])
    run.truths["forward/mask"] = Truth(value=np.array([True, False]), noise=0.0, peak=0.0)
    other = result()
    other.outputs["forward/mask"] = np.array([[True, False]])
    shown = lines(lambda console: report.differences(console, [other, run], {}))
    assert shown[-2:] == ["index truth numpy tf units absolute", "[1] 0 - 1 inf 1"]


def test_an_error_is_shown_with_its_traceback_and_alike_ones_once():
    run = result(verdict="error", units=None, output="forward", reason="ValueError: no [b] 1")
    run.outputs.raised["forward"] = Failure(("ValueError", "Exception"), "no", "Traceback [b] 1\n\n")
    run.truths["forward"] = None
    runs = [run, replace(run, job=replace(run.job, framework="tf", mode="graph"))]
    runs[1].rows = [replace(row, framework="tf", mode="graph") for row in run.rows]
    found = screen(lambda console: report.differences(console, runs, {}))
    assert found.lines == [
        "",
        "error mlp forward numpy cpu float32 eager tiny; tf cpu float32 graph tiny",
        "  ValueError: no [b] 1",
        "Traceback [b] 1",
    ]
    styles = {
        "error": "bold magenta", "mlp forward": "bold", "Traceback": "dim",
    }  # fmt: skip
    assert found.styles.items() >= styles.items()


def test_a_claim_that_does_not_hold_is_told_in_its_own_words():
    run = alone(result(verdict="differs", units=None, output="claim/it is [b] so"))
    found = screen(lambda console: report.differences(console, [run], {}))
    assert found.lines == ["", "differs mlp claim/it is [b] so numpy cpu float32 eager tiny", "  so it is"]


def test_a_count_says_one_of_one():
    assert [report.count_of(number, "run") for number in (0, 1, 2)] == ["0 runs", "1 run", "2 runs"]
