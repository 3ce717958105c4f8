"""What a learner sees, line by line: every row, every column under its heading, each framework's own value."""

import dataclasses

import numpy as np
import pytest

from parity import Stage, load
from parity.faults import wrong
from parity.judging.lesson import column_of, gap_between, shown, text_of, units_by_row
from parity.judging.noise import Truth
from parity.judging.run import Failure, Outputs
from parity.judging.shown import alike, is_own, lesson_of, setting, show_task
from parity.judging.sweep import Job, Result
from parity.task import Claim, Error, Final, Gap, Matrix, Printed, Rows, Shape, Table
from parity.tests.screens import screen

VALUES = {"run/loss": [0.5, 0.25, 0.125], "run/w": [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], "run/n": [7, 8, 9]}
HEAD = 4  # lines: a blank one, the title, the lesson, the settings


def outputs(**changed):
    found = Outputs()
    found.update({name: np.asarray(value) for name, value in {**VALUES, **changed}.items()})
    return found


def raising(message="no", **changed):
    found = outputs(**changed)
    found.raised["bad"] = Failure.of(TypeError(message))
    return found


def task(*shows, claims=()):
    stages = {"run": Stage(outputs=("loss", "w", "n"), trajectory=True), "bad": Stage(outputs=("y",))}
    return dataclasses.replace(
        load("perceptron"), title="Titles, 1", lesson="It shows [b] 2.", sizes={"base": {"n": 9}},
        make=lambda rng, n: ({}, {}),
        config={"lr": 0.0625, "eps": 2.0**-20, "steps": 3}, stages=stages, shows=shows,
        claims={text: Claim(holds=lambda out: True, broken_by="none") for text in claims},
        faults={"none": wrong("run/n", lambda n: 0 * n)}, known={}, timing={}, layout={}, limits={},
    )  # fmt: skip


def result(of, framework, found, *, false=(), about=None, **way):
    job = Job.of(of, framework, **{"device": "cpu", "dtype": "float32", "mode": "eager", "size": "base", **way})
    rows = [job.row("differs" if text in false else "holds", "", f"claim/{text}") for text in about or of.claims]
    return Result(job, [job.row("agrees", "", "run/loss"), *rows], found)


def seen(of, **by_framework):
    """The lines under the heading of the task, and the styles."""
    return shows_of(of, [result(of, framework, found) for framework, found in by_framework.items()])


def shows_of(of, results, **options):
    found = screen(lambda console: show_task(console, of, results), **options)
    return found._replace(lines=found.lines[HEAD:])


def test_the_exercise_stands_with_its_lesson_settings_table_and_claims():
    table = Table("epoch", {"loss": "run/loss", "weights": "run/w", "count": "run/n"}, title="Training 1")
    of = task(table, claims=("true 1", "false 2", "of [b] one", "false of one"))
    ones = result(of, "torch", outputs(**{"run/n": [7, 0, 9]}), false=("false 2", "false of one"))
    short = result(of, "numpy", outputs(**{"run/w": [[1.0, 2.0]]}), about=("true 1", "false 2"))
    found = screen(
        lambda console: show_task(console, of, [ones, short, result(of, "tf", outputs(), about=("true 1",))])
    )
    assert found.lines == [
        "",
        "Titles, 1 (perceptron)",
        "It shows [b] 2.",
        "n 9, lr 0.0625, eps 2^-20, steps 3",
        "",
        "Training 1",
        "                                      weights",
        "                                     PyTorch,      count NumPy,",
        "epoch    loss  weights NumPy         TF/Keras          TF/Keras  count PyTorch",
        "1      0.5000         (1, 2)           (1, 2)                 7              7",
        "2      0.2500                          (3, 4)                 8              0",
        "3      0.1250                          (5, 6)                 9              9",
        "",
        "✓ true 1",
        "✗ false 2 (not in PyTorch)",
        "✓ of [b] one (PyTorch)",
        "✗ false of one (not in PyTorch)",
    ]
    styles = {
        "Titles, 1": "bold", "(perceptron)": "dim", found.lines[3]: "dim", "Training 1": "bold", "✓": "green",
        "✗": "red", "(not in PyTorch)": "red", "(PyTorch)": "dim",
    }  # fmt: skip
    assert found.styles.items() >= styles.items()
    assert not found.styles.keys() & set("12")  # no number has a colour


def test_an_output_of_another_shape_than_is_due_is_shown_as_it_is():
    table = Table("layer", {"loss": "run/loss", "n": "run/n"}, labels=("a", "b", "c"))
    of = task(
        table,
        Rows(("what", "last"), {"loss": (Final("run/loss"),), "w": (Final("run/w"),)}),
        Matrix("run/w", title="Weights"),
    )
    strange = outputs(**{"run/loss": 0.5, "run/n": range(4), "run/w": [[[1.0, 2.0], [3.0, 4.0]]]})
    assert seen(of, numpy=strange).lines == [
        "", "layer    loss  n", "a      0.5000  0", "b              1", "c              2", "4              3", "",
        "what  last", "loss   0.5", "w        4", "", "Weights", "(1, 2)  (3, 4)",
    ]  # fmt: skip


def test_only_runs_of_the_exercise_itself_are_shown():
    of, other = task(Table("n", {"n": "run/n"})), dataclasses.replace(task(), name="mlp")
    ways = {"dtype": "float64"}, {"size": "tiny"}, {"mode": "compile"}, {"device": "cuda"}
    runs = [result(of, "numpy", outputs(), **way) for way in ways]
    runs += [result(other, "numpy", outputs()), result(of, "numpy", Outputs())]
    assert [is_own(run) for run in runs] == [False] * 4 + [True, False]
    assert screen(lambda console: show_task(console, of, runs)).lines == []
    failed = Outputs()
    failed.raised["bad"] = Failure.of(TypeError("no"))
    runs += [result(of, "torch", failed), result(of, "tf", outputs())]
    assert shows_of(of, runs).lines == [
        "",
        "n  n PyTorch  n TF/Keras",
        "1                      7",
        "2                      8",
        "3                      9",
    ]


def test_of_a_long_table_every_so_many_rows_are_shown_and_the_last():
    table = Table("epoch", {"n": "run/n"}, every=4)
    lines = seen(task(table), numpy=outputs(**{"run/n": list(range(100, 107))})).lines
    assert lines == ["", "epoch    n", "1      100", "5      104", "7      106"]


def test_labels_are_not_wrapped_where_headings_are():
    table = Table("the layer", {"how many": "run/n"}, labels=("the first", "the second", "the third"))
    of = task(table)
    lines = shows_of(of, [result(of, "numpy", outputs())], width=18).lines
    assert lines[-5:] == [
        "             how",
        "the layer   many",
        "the first      7",
        "the second     8",
        "the third      9",
    ]


def test_named_rows_have_values_shapes_and_the_largest_difference_to_torch():
    cells = {"w": ("run/w", Shape("run/w"), Gap("run/w")), "loss": (Final("run/loss"), Shape("run/n"), Gap("run/n"))}
    rows = Rows(("what", "value", "shape", "Δ"), cells, title="Values 1")
    other = outputs(**{"run/w": [[1.0, 2.0], [3.5, 4.0], [5.0, 5.75]], "run/loss": [0.5, 0.25, 0.1250001]})
    del other["run/n"]
    assert seen(task(rows), numpy=other, torch=outputs()).lines == [
        "",
        "Values 1",
        "what          value NumPy       value PyTorch  shape NumPy  shape PyTorch    Δ",
        "w       (1, 2, 3.5, 4, 5,  (1, 2, 3, 4, 5, 6)       (3, 2)         (3, 2)  0.5",
        "                    5.75)",
        "loss            0.1250001               0.125            -            (3)    -",
    ]
    assert seen(task(rows), tf=outputs()).lines[-1] == "loss               0.125     (3)  -"


@pytest.mark.parametrize(
    ("message", "lines"),
    [
        ("of 24 letters", [
            "mistake        what comes PyTorch  what comes TF/Keras",
            "value                   (7, 8, 9)            (7, 8, 9)",
            "labels   TypeError: of 24 letters        no error: 1.5",
        ]),
        ("of 25 letters.", [
            "mistake     what comes", "value", "            (7, 8, 9)", "labels",
            "  PyTorch   TypeError: of 25 letters.", "  TF/Keras  no error: 1.5",
        ]),
    ],
)  # fmt: skip
def test_what_is_as_long_as_a_sentence_stands_below_its_name(message, lines):
    rows = Rows(("mistake", "what comes"), {"value": ("run/n",), "labels": (Error("bad", otherwise="y"),)})
    assert seen(task(rows), torch=raising(message), tf=outputs(**{"bad/y": 1.5})).lines == ["", *lines]


def test_where_torch_has_something_else_to_say_than_a_difference_it_has_a_column():
    rows = Rows(("what", "Δ"), {"w": (Gap("run/w"),), "n": ("run/n",)})
    assert seen(task(rows), torch=outputs(), tf=outputs()).lines == [
        "", "what  Δ PyTorch  Δ TF/Keras", "w                         0", "n     (7, 8, 9)   (7, 8, 9)",
    ]  # fmt: skip


def test_sentences_of_several_columns_have_their_headings():
    rows = Rows(("mistake", "value", "what comes"), {"labels": ("run/n", Error("bad"))})
    assert seen(task(rows), torch=raising("one [b] 2 [/c] that is long"), tf=outputs()).lines == [
        "", "mistake", "labels", "  value                (7, 8, 9)",
        "  what comes PyTorch   TypeError: one [b] 2 [/c] that is long", "  what comes TF/Keras  no error",
    ]  # fmt: skip
    short = Rows(rows.columns, {"labels": (Error("bad"),)})
    with pytest.raises(ValueError, match="zip"):  # no cell is left out in silence
        seen(task(short), torch=raising("that is no short message"))


def test_a_matrix_is_shown_whole_for_each_framework_that_has_its_own():
    of = task(Matrix("run/w", title="Weights 1"))
    found = seen(of, numpy=outputs(), torch=outputs(**{"run/w": [[10.0, 2.0], [3.0, 4.0]]}), tf=outputs())
    assert found.lines == [
        "", "Weights 1 NumPy, TF/Keras", "1  2", "3  4", "5  6", "Weights 1 PyTorch", "10  2", " 3  4",
    ]  # fmt: skip
    assert found.styles["Weights 1 PyTorch"] == "bold"
    assert seen(of, numpy=outputs(**{"run/w": 1.5})).lines == ["", "Weights 1", "1.5"]


def test_a_matrix_that_is_missing_has_no_rows():
    found = outputs()
    del found["run/w"]
    assert seen(task(Matrix("run/w", title="Weights")), numpy=found).lines == ["", "Weights", ""]


def test_rounding_is_not_shown_in_any_table():
    shows = Table("n", {"w": "run/w"}), Rows(("what", "value"), {"w": ("run/w",)}), Matrix("run/w", title="Weights")
    one, other = (outputs(**{"run/w": [[value, 3.0], [2.0, 1.0]]}) for value in (0.12345, 0.1234499999))
    lines = seen(task(*shows), numpy=one, tf=other).lines
    assert lines == [
        "", "n            w", "1  (0.1235, 3)", "2       (2, 1)", "", "what              value",
        "w     (0.1235, 3, 2, 1)", "", "Weights", "0.1235  3", "     2  1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ([0.0, 1.0], [1e-5, 1.0], True), ([0.0, 1.0], [1.1e-5, 1.0], False), ([0.0, -1.0], [-1e-5, -1.0], True),
        ([1.0], [1.00001], False), ([2.0], [1.0], False), ([0.0], [1e-6], False), ([1e-8], [1.000001e-8], True),
        ([1.0, np.nan], [1.000001, np.nan], True), ([1.0, np.inf], [1.000001, np.inf], True),
        ([1.0, np.inf], [1.0, -np.inf], False), ([1.0, np.inf], [1.0, 2.0], False), ([1.0, 2.0], [1.0, np.inf], False),
        ([np.nan], [1.0], False), ([1.0], [np.nan], False), ([], [], True), ([1.0], [1.0, 1.0], False),
        ([7], [7], False),
    ],
)  # fmt: skip
def test_what_differs_by_rounding_is_shown_alike(one, other, same):
    ways = {"numpy": outputs(**{"run/x": one}), "torch": outputs(**{"run/x": other, "run/y": 1.5})}
    found = alike(ways)
    assert (found["torch"]["run/x"] is ways["numpy"]["run/x"]) == same
    assert list(found["torch"]) == list(ways["torch"])


def test_the_file_has_a_runs_data_claims_and_growth_of_the_error(monkeypatch):
    of = task(Matrix("run/w"), claims=("true", "a/b"))
    monkeypatch.setattr("parity.judging.sweep.task_with", lambda *what: of)
    run = result(of, "tf", outputs(), false=("a/b",))
    run.growth["run/loss"] = [0.5, 1.0, 1.5]
    assert lesson_of(run, None) == {
        "task": "perceptron", "framework": "tf", "claims": {"true": "holds", "a/b": "differs"},
        "shows": [{"kind": "matrix", "title": "", "of": "run/w", "value": VALUES["run/w"]}],
        "units_by_row": {"run/loss": [0.5, 1.0, 1.5]},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2.0**-5, "2^-5"), (2.0**-4, "0.0625"), (2.0**-100, "2^-100"), (0.5, "0.5"), (0.1, "0.1"), (7, "7"),
        (0.1234567, "0.123457"), ("adam", "adam"), (1048576, "1048576"),
    ],
)  # fmt: skip
def test_a_setting_is_written_short(value, text):
    assert setting(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1234567, "0.1235"), (np.float32(1e-8), "1e-08"), (np.inf, "inf"), (np.nan, "nan"), (-0.0, "0"),
        (9999, "9999"), (10000, "10,000"), (-235146, "-235,146"), (True, "yes"), (False, "no"), ((), "()"),
        ([1], "1"), ([1, 2], "(1, 2)"), (range(8), "(0, 1, 2, 3, 4, 5, 6, 7)"),
        (range(9), "(0, 1, 2, 3, 4, 5, 6, 7, ...)"),
    ],
)  # fmt: skip
def test_a_value_is_shown_in_few_digits(value, text):
    assert text_of("run/n", outputs(**{"run/n": value}), None) == text


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ((1.18, 0.6686, 0.0), ["1.180", "0.669", "0.000"]), ((0.00129, 0.0086223), ["0.001290", "0.008622"]),
        ((99999.0, -0.25), ["99999", "0"]), ((-10.0, -0.001), ["-10.00", "0.00"]),
        ((1e5, 1.25), ["1e+05", "1.25"]), ((100000.5, 1.25), ["1e+05", "1.25"]), ((1e-4, 1.25), ["0.0001", "1.25"]),
        ((0.0, -0.0), ["0", "0"]), ((np.nan, 1.25), ["nan", "1.25"]), ((-np.inf, 1.25), ["-inf", "1.25"]),
        ((7, 100), ["7", "100"]), (((0.5, 2.0), (1.0, 3.25)), ["(0.5, 2)", "(1, 3.25)"]),
    ],
)  # fmt: skip
def test_real_numbers_of_a_like_size_have_the_same_decimals(values, texts):
    assert column_of("run/x", outputs(**{"run/x": values})) == texts
    assert column_of("run/y", outputs()) == []


@pytest.mark.parametrize(
    ("mine", "torch", "text"),
    [
        ([1.0, 2.0], [1.5, 0.0], "2"), ([1.0, np.inf], [0.875, np.inf], "0.12"), ([np.inf], [-np.inf], "inf"),
        ([], [], "0"), ([1.0], [1.0, 1.0], "-"), ([True], [False], "-"), ([3], [5], "2"), (1.0, None, "-"),
        (None, 1.0, "-"), (np.uint8([1]), np.uint8([2]), "1"), (np.float32([3e38]), np.float32([-3e38]), "6e+38"),
    ],
)  # fmt: skip
def test_a_gap_is_the_largest_difference(mine, torch, text):
    mine, torch = (None if value is None else np.asarray(value) for value in (mine, torch))
    assert gap_between(mine, torch) == text


def test_a_cell_is_what_was_raised_or_printed_or_came_instead():
    failed = raising("{{node}} expected Long.  More.\nA second line")
    failed.printed |= {"run": "one", "bad": ""}
    cells = (Error("bad"), Printed("run"), Printed("bad"), Error("run", otherwise="n"), Error("run", otherwise="m"))
    texts = ["TypeError: expected Long. More.", "one", "nothing", "no error: (7, 8, 9)", "no error"]
    assert [text_of(cell, failed, None) for cell in cells] == texts
    assert [text_of(cell("run/x"), failed, failed) for cell in (str, Shape, Final, Gap)] == ["-"] * 4


def test_an_error_is_told_to_the_end_of_a_sentence():
    first, rest = "A sentence.", "b" * (159 - len("TypeError: A sentence.")) + "."
    for message, told in ((f"{first}  {rest[1:]} C. D.", f"{first} {rest[1:]}"), (f"{first}  {rest} D.", first)):
        assert text_of(Error("bad"), raising(message), None) == f"TypeError: {told}"


def test_the_file_has_everything_that_the_exercise_shows():
    table = Table("epoch", {"loss": "run/loss", "n": "run/n"}, title="Training", labels=("a", "b", "c"))
    rows = Rows(("what", "Δ"), {"w": (Gap("run/w"),)}, title="Rows")
    mine = outputs(**{"run/loss": np.float32([0.1, np.inf, np.nan]), "run/w": [[1.0, 2.0], [3.5, 4.0], [5.0, 5.75]]})
    del mine["run/n"]
    assert shown(task(table, rows, Matrix("run/n", title="N")), mine, outputs()) == [
        {
            "kind": "table", "title": "Training", "row": "epoch", "labels": ["a", "b", "c"],
            "columns": {"loss": [float(np.float32(0.1)), "inf", "nan"], "n": None},
        },
        {"kind": "rows", "title": "Rows", "columns": ["what", "Δ"], "rows": {"w": ["0.5"]}},
        {"kind": "matrix", "title": "N", "of": "run/n", "value": None},
    ]  # fmt: skip
    assert shown(task(Matrix("run/n")), outputs(), None)[0]["value"] == [7, 8, 9]


def test_the_error_grows_by_row_in_the_real_columns_of_a_trajectory():
    table = Table("epoch", {"loss": "run/loss", "count": "run/n", "w": "run/w", "other": "bad/y"})
    truths = {
        "run/loss": Truth(value=np.array([0.5, 0.25, 0.0]), noise=0.0625, peak=0.125),
        "run/n": Truth(value=np.array([7, 8, 9]), noise=0.0, peak=0.0),
        "run/w": Truth(value=np.ones((2, 2)), noise=1.0, peak=1.0),
        "bad/y": Truth(value=np.ones(1), noise=1.0, peak=1.0),
    }
    of, mine = task(table, Matrix("run/w"), table), outputs(**{"bad/y": [1.0]})
    assert units_by_row(of, mine, truths) == {"run/loss": [0.0, 0.0, 2.0]}
    truths["run/loss"] = Truth(value=np.array([0.5, 0.5, 0.125]), noise=0.0, peak=0.0)
    truths["run/w"] = Truth(value=np.add(VALUES["run/w"], [0, 8]), noise=8.0, peak=2.0)
    assert units_by_row(of, mine, truths) == {"run/loss": [0.0, "inf", 0.0], "run/w": [4.0] * 3}
    del mine["run/loss"], truths["run/w"]
    assert units_by_row(of, mine, truths) == {}
