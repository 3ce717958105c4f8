"""The report says the worst, in full, and nothing twice."""

import io

import numpy as np
import pytest
from rich.console import Console

from parity import Truth, load
from parity.judging import report
from parity.judging.run import Failure, Outputs
from parity.judging.sweep import Job, Result, worst_elements

SHAPE = (2, 5)  # more elements than are shown in full


def result(framework="numpy", value=0.0, *, verdict="agrees", units=1.0, mode="eager", device="cpu", output="loss"):
    """A run of mlp whose `forward/logits` is 0, 1, ... 9 plus `value`, and whose other output has `units`."""
    job = Job.of(load("mlp"), framework, device, "float32", mode, "tiny")
    outputs = Outputs({"forward/logits": np.arange(10, dtype=np.float32).reshape(SHAPE) + np.float32(value)})
    outputs["forward/loss"] = np.float32(2.5)
    rows = [job.row("agrees", "", "forward/logits"), job.row(verdict, "so it is", f"forward/{output}")]
    rows = [row.__class__(**{**vars(row), "units": u}) for row, u in zip(rows, (0.25, units), strict=True)]
    return Result(job, rows, outputs)


def lines(*renderables):
    console = Console(width=160, record=True, file=io.StringIO())
    for renderable in renderables:
        renderable(console) if callable(renderable) else console.print(renderable)
    return [" ".join(line.split()) for line in console.export_text().splitlines() if line.strip()]


def test_the_summary_has_the_worst_units_of_each_framework_and_the_output_that_has_them():
    found = lines(report.summary_table([result(units=3.0), result("torch", units=7.5)]))
    assert found == ["Worst noise units (30 or less agrees)", "task numpy torch output", "mlp 3 7.5 forward/loss"]


def test_an_output_that_differs_is_worse_than_any_units_and_an_error_is_worst():
    runs = [
        result(units=29.0),
        result("torch", units=1.0, verdict="differs"),
        result("tf", units=None, verdict="error"),
    ]
    assert lines(report.summary_table(runs))[-1] == "mlp 29 1 error forward/loss"
    assert lines(report.summary_table(runs[:2]))[-1] == "mlp 29 1 forward/loss"


def test_more_ways_than_three_leave_no_room_for_the_output():
    runs = [result(), result("torch"), result("tf"), result("tf", mode="xla")]
    assert lines(report.summary_table(runs))[-2:] == ["task numpy torch tf tf xla", "mlp 1 1 1 1"]


def test_what_is_unavailable_has_no_column_and_its_reason_is_told_once():
    absent = result("tf", verdict="unavailable")
    absent.rows[:] = absent.rows[1:] * 2
    assert lines(report.summary_table([result(), absent]))[-2:] == ["task numpy output", "mlp 1 forward/loss"]
    assert "unavailable, 2 runs: so it is" in lines(lambda console: report.totals(console, [result(), absent], 1.0))


def test_the_totals_count_verdicts_and_name_the_worst():
    runs = [result(units=3.0), result(units=2.0), result("torch", units=40.0, verdict="differs")]
    found = lines(lambda console: report.totals(console, runs, 12.4))
    assert found == [
        "5 agrees, 1 differs in 12 s",
        "numpy float32: worst 3 in mlp tiny forward/loss",
        "torch float32: worst 40 in mlp tiny forward/loss",
    ]


def test_the_totals_say_what_was_printed_and_what_tests_nothing():
    run = result()
    run.outputs.printed["summary"] = "one\ntwo"
    run.vacuous.append("forward/loss")
    found = lines(lambda console: report.totals(console, [run, run], 1.0))
    assert found[-3:] == [
        "mlp summary, numpy: one",
        "mlp summary, numpy: two",
        "mlp: these outputs test nothing, since they are zero or equal to an input: forward/loss",
    ]


def test_a_missing_gpu_is_one_line_for_all():
    absent = [result(framework, verdict="unavailable", device="cuda") for framework in ("torch", "tf")]
    for run in absent:
        run.rows[:] = run.rows[1:]
    found = lines(lambda console: report.totals(console, [result(), *absent], 1.0))
    assert found[-1] == "unavailable, 2 runs: no CUDA here for torch, tf; parity doctor shows the install commands"


def test_every_output_stands_with_its_units_and_its_largest_difference_to_torch():
    mine = result()
    mine.outputs["forward/logits"][0, 0] -= 0.125  # the greatest difference is a negative one, in one place
    found = lines(report.outputs_table([mine, result("torch", units=None)]))
    assert found[1:] == [
        "output numpy torch Δ numpy", "mlp tiny f32", "forward/logits 0.25 0.25 0.12", "forward/loss 1 agrees 0",
    ]  # fmt: skip


def test_outputs_without_a_like_in_torch_have_no_difference():
    mine, torch = result(), result("torch")
    torch.outputs["forward/logits"] = torch.outputs["forward/logits"][:1]
    del torch.outputs["forward/loss"]
    assert [line.split()[-1] for line in lines(report.outputs_table([mine, torch]))[-2:]] == ["-", "-"]
    assert "Δ" not in lines(report.outputs_table([mine]))[1]


def test_a_large_value_is_shown_by_its_first_and_last_element_and_a_small_one_in_full():
    run = result(value=0.5)
    run.outputs["forward/loss"] = np.array([1, 2, 3])
    assert lines(report.values_table([run]))[-2:] == ["forward/logits 2x5: 0.5 ... 9.5", "forward/loss 3: 1 2 3"]
    run.outputs["forward/loss"] = np.float32(1 / 3)
    assert lines(report.values_table([run]))[-1] == "forward/loss 0.33333"
    del run.outputs["forward/loss"]
    assert lines(report.values_table([run]))[-1] == "forward/loss -"


def test_an_error_stands_in_place_of_a_value():
    run = result()
    run.rows[1] = run.job.row("error", "ValueError: no", "forward")
    run.outputs.raised["forward"] = Failure(("ValueError", "Exception"), "no", "Traceback ...")
    assert "forward ValueError" in lines(report.values_table([run]))
    shown = lines(lambda console: report.differences(console, [run], {}))
    assert shown == ["error mlp forward numpy cpu float32 eager tiny", "ValueError: no", "Traceback ..."]


@pytest.fixture
def wrong():
    """A run with two outputs that differ; the second element is furthest from the truth, then the last."""
    run = result("torch", verdict="differs", units=40.0)
    run.rows.insert(1, run.job.row("differs", "31 noise units", "forward/logits"))
    del run.rows[0]
    true = run.outputs["forward/logits"].astype(float)
    run.outputs["forward/logits"][0, 1] -= 4
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
    found = lines(lambda console: report.differences(console, [result(), wrong], {("mlp", "forward/logits"): "look"}))
    assert found == [
        "differs mlp forward/logits torch cpu float32 eager tiny, the first in data-flow order",
        "31 noise units",
        "look",
        "index truth numpy torch units absolute",
        "[0, 1] 1 1 -3 8 4",
        "[1, 4] 9 9 11 4 2",
        "differs mlp forward/loss torch cpu float32 eager tiny",
        "so it is",
    ]


def test_alike_differences_stand_together():
    runs = [result("torch", verdict="differs"), result("tf", verdict="differs")]
    assert lines(lambda console: report.differences(console, runs, {})) == [
        "differs mlp forward/loss torch cpu float32 eager tiny; tf cpu float32 eager tiny", "so it is",
    ]  # fmt: skip
