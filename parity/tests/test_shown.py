"""What a learner sees, line by line: every row, every column under its heading, each framework's own value."""

import dataclasses
import io

import numpy as np
import pytest
from rich.console import Console

from parity import Stage, load
from parity.faults import wrong
from parity.judging.lesson import shown, text_of, units_by_row
from parity.judging.noise import Truth
from parity.judging.run import Failure, Outputs
from parity.judging.shown import setting, show_task
from parity.judging.sweep import Job, Result
from parity.task import Claim, Error, Final, Gap, Matrix, Rows, Shape, Table

VALUES = {"run/loss": [0.5, 0.25, 0.125], "run/w": [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], "run/n": [7, 8, 9]}


def outputs(**changed):
    found = Outputs()
    found.update({name: np.asarray(value) for name, value in {**VALUES, **changed}.items()})
    return found


def task(*shows, claims=None):
    stages = {"run": Stage(outputs=("loss", "w", "n"), trajectory=True), "bad": Stage(outputs=("y",))}
    faults = {"none": wrong("run/n", lambda n: 0 * n)}
    return dataclasses.replace(
        load("perceptron"),
        stages=stages,
        shows=shows,
        claims=claims or {},
        faults=faults,
        known={},
        timing={},
        layout={},
    )


def screen(of, monkeypatch, **by_framework):
    """The lines under the heading of the task."""
    monkeypatch.setattr("parity.judging.sweep.task_with", lambda *what: of)
    results = []
    for framework, found in by_framework.items():
        job = Job.of(of, framework, "cpu", "float32", "eager", "base")
        rows = [job.row("holds" if text != "false" else "differs", "", f"claim/{text}") for text in of.claims]
        results.append(Result(job, rows, found))
    console = Console(width=80, record=True, file=io.StringIO())
    show_task(console, of, results)
    lines = [" ".join(line.split()) for line in console.export_text().splitlines()]
    return lines[lines.index("shuffled 0") + 1 :]


def test_a_table_has_every_row_and_each_value_under_its_heading(monkeypatch):
    table = Table("epoch", {"loss": "run/loss", "weights": "run/w", "count": "run/n"}, title="Training")
    assert screen(task(table), monkeypatch, numpy=outputs(), torch=outputs()) == [
        "", "Training", "epoch loss weights count", "1 0.5000 (1, 2) 7", "2 0.2500 (3, 4) 8", "3 0.1250 (5, 6) 9",
    ]  # fmt: skip


def test_where_frameworks_differ_each_has_its_column(monkeypatch):
    table = Table("layer", {"n": "run/n", "loss": "run/loss"}, labels=("a", "b", "c"))
    lines = screen(
        task(table), monkeypatch, numpy=outputs(), torch=outputs(**{"run/n": [7, 0, 9]}), tf=outputs()
    )  # fmt: skip
    assert lines[-4:] == ["layer n NumPy, TF/Keras n PyTorch loss", "a 7 7 0.5000", "b 8 0 0.2500", "c 9 9 0.1250"]


def test_of_a_long_table_every_so_many_rows_are_shown_and_the_last(monkeypatch):
    table = Table("epoch", {"n": "run/n"}, every=4)
    lines = screen(task(table), monkeypatch, numpy=outputs(**{"run/n": list(range(100, 106))}))
    assert lines[-3:] == ["1 100", "5 104", "6 105"]


def test_named_rows_have_shapes_values_and_the_largest_difference_to_torch(monkeypatch):
    rows = Rows(("what", "value", "shape", "Δ"), {"w": ("run/w", Shape("run/w"), Gap("run/w"))})
    other = outputs(**{"run/w": [[1.0, 2.0], [3.5, 4.0], [5.0, 5.75]]})
    lines = screen(task(rows), monkeypatch, numpy=other, torch=outputs())
    said = " ".join(lines)
    assert "(3, 2)" in said
    assert "0.5" in said.split()
    assert "0.25" not in said.split()  # the largest of the two


def test_an_error_is_shown_with_its_class_and_message_and_a_silent_value_as_such(monkeypatch):
    rows = Rows(("mistake", ""), {"labels of another type": (Error("bad", otherwise="y"),)})
    raising, silent = outputs(), outputs(**{"bad/y": 1.5})
    raising.raised["bad"] = Failure.of(TypeError("expected Long but got Float"))
    said = " ".join(screen(task(rows), monkeypatch, torch=raising, tf=silent))
    assert "labels of another type" in said
    assert "PyTorch TypeError: expected Long but got Float" in said
    assert "TF/Keras no error: 1.5" in said


def test_a_matrix_is_shown_whole(monkeypatch):
    lines = screen(task(Matrix("run/w", title="Weights")), monkeypatch, numpy=outputs())
    assert lines[-4:] == ["Weights", "1 2", "3 4", "5 6"]


def test_claims_have_a_tick_or_the_frameworks_where_they_are_false(monkeypatch):
    claims = {text: Claim(holds=lambda out: True, broken_by="none") for text in ("true", "false")}
    lines = screen(task(claims=claims), monkeypatch, numpy=outputs(), tf=outputs())
    assert lines[-2:] == ["✓ true", "✗ false (not in NumPy, TF/Keras)"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1234567, "0.1235"), (np.float32(1e-8), "1e-08"), (np.inf, "inf"), (np.nan, "nan"), (235146, "235,146"),
        (True, "yes"), ((), "()"), ([1], "1"), ([1, 2], "(1, 2)"), (range(9), "(0, 1, 2, 3, 4, 5, 6, 7, ...)"),
    ],
)  # fmt: skip
def test_a_value_is_shown_in_few_digits(value, text):
    assert text_of("run/n", outputs(**{"run/n": np.asarray(value)}), None) == text


def test_the_file_has_the_same_data_and_the_growth_of_the_error():
    table = Table("epoch", {"loss": "run/loss", "count": "run/n"}, title="Training")
    found = shown(task(table), outputs(**{"run/loss": [0.5, np.inf, 0.125]}), None)
    assert found == [{
        "kind": "table", "title": "Training", "row": "epoch", "labels": [],
        "columns": {"loss": [0.5, "inf", 0.125], "count": [7, 8, 9]},
    }]  # fmt: skip
    truth = Truth(value=np.array([0.5, 0.25, 0.0]), noise=0.0625, peak=0.0625)
    assert units_by_row(task(table), outputs(), {"run/loss": truth}) == {"run/loss": [0.0, 0.0, 2.0]}


def test_the_file_has_the_difference_to_torch_too():
    rows = Rows(("what", "Δ"), {"w": (Gap("run/w"),)})
    other = outputs(**{"run/w": [[1.0, 2.0], [3.5, 4.0], [5.0, 5.75]]})
    assert shown(task(rows), other, outputs())[0]["rows"] == {"w": ["0.5"]}


def test_real_numbers_of_a_like_size_have_the_same_decimals(monkeypatch):
    def column(*values):
        table = Table("epoch", {"x": "run/loss"})
        return [
            line.split()[1] for line in screen(task(table), monkeypatch, numpy=outputs(**{"run/loss": values}))[-3:]
        ]

    assert column(1.18, 0.6686, 0.9) == ["1.180", "0.669", "0.900"]
    assert column(0.00129, 0.0086223, 0.003) == ["0.001290", "0.008622", "0.003000"]
    assert column(1e-9, 1.0, 2.0) == ["1e-09", "1", "2"]  # no decimals would do for both


def test_final_values_are_each_frameworks_own_in_seven_digits(monkeypatch):
    rows = Rows(("training", "last loss"), {"fit": (Final("run/loss"),)})
    other = outputs(**{"run/loss": [0.5, 0.25, 0.1250001]})
    said = " ".join(screen(task(rows), monkeypatch, torch=outputs(), tf=other))
    assert "last loss PyTorch last loss TF/Keras fit 0.125 0.1250001" in said


@pytest.mark.parametrize(
    ("value", "text"), [(2.0**-16, "2^-16"), (2.0**-100, "2^-100"), (0.5, "0.5"), (0.1, "0.1"), (7, "7")]
)
def test_a_setting_is_written_short(value, text):
    assert setting(value) == text
