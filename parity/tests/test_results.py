"""The file of results: what is written is read again, and what is damaged is refused by name."""

import json
import math

import pytest

from parity.judging.results import read, read_lessons, to_json
from parity.judging.verdict import Row
from parity.task import UsageError

ENVIRONMENT = {"cpu": "one", "frameworks": {"torch": {"versions": {"torch": "2.13.0"}}}}
LESSON = {
    "task": "mlp",
    "framework": "torch",
    "shows": [
        {"kind": "table", "title": "", "row": "epoch", "labels": [], "columns": {"loss": [0.5]}},
        {"kind": "matrix", "title": "", "of": "run/w", "value": [[1.0]]},
        {"kind": "rows", "title": "", "columns": ["value"], "rows": {"u": ["7"]}},
    ],
    "claims": {"it falls": "holds"},
    "units_by_row": {"run/loss": [1.0, "inf"]},
}


def row(output, units, verdict):
    return Row(
        task="mlp", framework="torch", device="cpu", dtype="float32", mode="eager", size="tiny", output=output,
        units=units, verdict=verdict, reason="why",
    )  # fmt: skip


ROWS = [row("forward/loss", 3.25, "agrees"), row("forward/y", math.inf, "differs"), row("summary", None, "raises")]
WRITTEN = """{
 "format": 2,
 "environment": {
  "cpu": "one"
 },
 "rows": [
  {
   "task": "mlp",
   "framework": "torch",
   "device": "cpu",
   "dtype": "float32",
   "mode": "eager",
   "size": "tiny",
   "output": "forward/y",
   "units": "inf",
   "verdict": "differs",
   "reason": "why"
  }
 ],
 "lessons": [
  "first"
 ]
}
"""


@pytest.fixture
def file(tmp_path):
    """Write something in place of a file of results; a string as it is."""

    def write(content):
        path = tmp_path / "rows.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return write


def good(**changed):
    return {**json.loads(to_json(ENVIRONMENT, ROWS, [LESSON])), **changed}


def test_the_file_is_strict_json_that_a_person_can_read():
    assert to_json({"cpu": "one"}, ROWS[1:2], iter(["first"])) == WRITTEN
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_json({"cores": math.nan}, [], [])


def test_what_was_written_is_read_again(file):
    path = file(to_json(ENVIRONMENT, ROWS, [LESSON]))
    assert read(path) == (ENVIRONMENT, ROWS)
    assert read_lessons(path) == [LESSON]


def test_the_first_format_had_no_number_and_no_lessons(file):
    old = {"environment": ENVIRONMENT, "rows": good()["rows"]}
    assert read(file(old)) == read(file({**old, "format": 1})) == (ENVIRONMENT, ROWS)
    assert read_lessons(file(old)) == []


@pytest.mark.parametrize("number", [0, 3, "2"])
def test_another_format_is_refused_by_its_number(file, number):
    path = file(good(format=number))
    with pytest.raises(UsageError) as error:
        read(path)
    assert str(error.value) == f"{path} has format {number!r}, this version reads 1 and 2: run parity run again"


@pytest.mark.parametrize(
    "content",
    [
        "half a fi",
        [],
        good(rows=[{}]),
        good(rows=[{**good()["rows"][0], "units": "many"}]),
        good(environment={}),
        good(environment={"frameworks": {"torch": {}}}),
        good(environment={"frameworks": {"torch": []}}),
        good(environment={"frameworks": []}),
    ],
)
def test_what_is_no_file_of_results_is_refused(file, content):
    path = file(content)
    with pytest.raises(UsageError) as error:
        read(path)
    assert str(error.value) == f"{path} is not a file of results; parity run --json NEW.json writes one"


def test_a_file_that_is_not_there_is_refused_with_the_reason(tmp_path):
    with pytest.raises(UsageError) as error:
        read(tmp_path / "none.json")
    assert str(error.value) == f"{tmp_path / 'none.json'} cannot be read: No such file or directory"


@pytest.mark.parametrize(
    "damaged",
    [
        {"task": None},
        *({name: []} for name in ("claims", "units_by_row")),
        {"shows": [{"kind": "matrix", "title": ""}]},
        {"shows": [{"kind": "poem"}]},
    ],
)
def test_damaged_lessons_are_refused(file, damaged):
    lesson = {key: value for key, value in {**LESSON, **damaged}.items() if value is not None}
    path = file(good(lessons=[lesson]))
    with pytest.raises(UsageError) as error:
        read_lessons(path)
    assert str(error.value) == f"{path} has damaged lessons: write it again with parity run --json {path}"
