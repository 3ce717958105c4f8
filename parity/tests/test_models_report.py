"""The report: a table that fits the terminal, a frame and JSON."""

import json

import pytest

import parity

keras = pytest.importorskip("keras", reason="a port has two frameworks")
torch = pytest.importorskip("torch", reason="a port has two frameworks")


from parity.tests.ported import X, keras_net, torch_net  # noqa: E402


def test_the_report_is_a_table_a_frame_and_json():
    report = parity.compare_models(torch_net, lambda: keras_net(1e-3), X)
    assert report.first.where == ("1", "bn")
    assert report.first.cause == "BN-EPS"
    assert "epsilon=1e-5" in report.first.cure
    text = str(report)
    assert "<- first" in text
    assert repr(report) == "<Report: They differ: 1 fault. 1 / bn: BN-EPS>"
    assert "BN-EPS" in text
    frame = report.to_pandas()
    assert list(frame["first"]) == ["0", "1", "2", "4", "output"]
    assert frame["isolated"].iloc[1] > parity.LIMIT > frame["isolated"].iloc[3]
    assert json.loads(report.to_json())["faults"][0]["cause"] == "BN-EPS"
    clean = parity.compare_models(torch_net, keras_net, X)
    assert "rounding alone" in clean.verdict()


def test_a_report_fits_the_terminal_and_lists_faults_that_are_one(monkeypatch):
    from parity.models.report import Fault, Report, Row

    monkeypatch.setenv("COLUMNS", "80")
    names = [f"encoder.layers.{i}.attention.output.norm" for i in range(3)]
    rows = [Row(n, n.replace(".", "/"), 9123.4, 9123.4, 9123.4, 9123.4) for n in names]
    faults = [Fault("output", row.first, row.second, 90, "LN-EPS", "title", "cure") for row in rows]
    lines = str(Report(rows, faults, [Row("output", "")], ["a note " * 20])).splitlines()
    assert max(map(len, lines)) <= 80
    assert [line.rstrip() for line in lines] == lines
    assert any("<- first" in line for line in lines)
    for row in rows:
        assert sum(row.first in line for line in lines) == 2  # in the table and in the list
    assert sum("LN-EPS" in line for line in lines) == 1
    short = str(Report([Row("conv", "conv", 0.0, 1.0, 0.0, 1.0)], [Fault("gradients", "conv", "conv")]))
    assert "conv   conv" in short
    assert "inf" not in short


def test_faults_of_one_cause_with_notes_of_their_own_are_said_apart():
    from parity.models.report import Fault, Report

    notes = [f"epsilon 1e-05 in the first, {eps} in the second" for eps in (0.001, 0.01)]
    faults = [Fault("output", "a", "b", 90, "BN-EPS", "title", "cure", note) for note in notes]
    lines = [line.strip() for line in str(Report(faults=faults)).splitlines()]
    assert [line for line in lines if line.startswith("epsilon")] == notes


def test_a_long_note_takes_nothing_from_the_columns_of_numbers(monkeypatch):
    from parity.models.report import Report, Row

    monkeypatch.setenv("COLUMNS", "80")
    note = "input (2, 8, 7, 7) in the first, (2, 8, 8, 8) in the second"
    row = Row("blocks.0.conv", "conv2d.activation", *[22999861.0] * 4, note=note)
    table = str(Report([row, row])).partition("They ")[0]
    assert table.count("22,999,861") == 8
    assert max(map(len, table.splitlines())) <= 80
    assert note in " ".join(table.split())  # of the second row: the first is marked
