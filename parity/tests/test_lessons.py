"""What each exercise is there to show: it prints what it says to, and each of its claims could be false."""

import dataclasses
import io

import numpy as np
import pytest
from rich.console import Console

from parity import draw, load, run
from parity.faults import plant
from parity.judging.lesson import text_of
from parity.judging.run import Failure, Outputs
from parity.judging.shown import show_task
from parity.judging.sweep import Job, Result
from parity.judging.verdict import judge
from parity.task import FRAMEWORKS, Error, Gap, Matrix, Printed, Rows


def test_a_task_states_values_and_claims_or_says_why_not(task_name):
    task = load(task_name)
    assert (task.known and task.claims) or task.states_nothing
    assert task.shows


def test_a_claim_is_broken_by_the_fault_that_it_names(task_name, request):
    """A claim that no mistake can break says nothing; one that is not about NumPy is broken where it is about."""
    task = load(task_name)
    asked = request.config.getoption("--framework") or FRAMEWORKS
    for text, claim in task.claims.items():
        framework = next((f for f in claim.frameworks if f == "numpy" or f in asked), None)
        if framework is None:
            continue
        fault = task.faults[claim.broken_by]
        contestant = dataclasses.replace(task, config={**task.config, **(fault.config or {})})
        arrays = plant(fault, draw(task, "base"))
        outputs = run(contestant, framework, dtype="float32", size="base", arrays=arrays)
        if fault.outputs is not None:
            outputs.update(fault.outputs(outputs))
        assert not claim.holds(outputs), f"{text!r} holds in spite of {claim.broken_by!r}"


@pytest.fixture
def screen(request):
    """What a learner sees of a task at 80 columns, with the frameworks that are tested."""

    def see(name):
        console = Console(width=80, record=True, file=io.StringIO())
        results = []
        for framework in request.config.getoption("--framework") or ("numpy", "torch", "tf"):
            job = Job.of(load(name), framework, "cpu", "float32", "eager", "base")
            outputs = run(name, framework, dtype="float32", size="base")
            lines = {cell.stage for show in load(name).shows for cell in show.cells() if isinstance(cell, Printed)}
            assert outputs.printed.keys() == lines  # a report repeats what is printed, and a progress bar is no news
            rows = judge(name, framework, outputs, dtype="float32", size="base")
            results.append(Result(job, rows, outputs))
        show_task(console, load(name), results)
        return console.export_text()

    return see


def test_everything_that_the_exercise_says_to_print_is_on_the_screen(task_name, screen, request):
    text = screen(task_name)
    task, flat = load(task_name), " ".join(text.split())
    asked = set(request.config.getoption("--framework") or FRAMEWORKS)
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= 80
    for show in task.shows:
        assert show.title in flat
        headings = set() if isinstance(show, Matrix) else set(show.columns)
        if isinstance(show, Rows) and asked == {"torch"}:  # its difference to itself is not shown
            columns = zip(show.columns[1:], *show.rows.values())
            headings -= {heading for heading, *cells in columns if all(isinstance(cell, Gap) for cell in cells)}
        assert all(" ".join(heading.split()) in flat for heading in headings)
        if isinstance(show, Rows):
            assert all(name in flat for name in show.rows)
    for text, claim in task.claims.items():
        assert (f"✓ {' '.join(text.split())}" in flat) == bool(asked & set(claim.frameworks))


def test_a_shown_error_or_print_is_of_a_stage_that_exists(task_name):
    """Shown outputs are checked by the specification itself."""
    task = load(task_name)
    for show in task.shows:
        assert {cell.stage for cell in show.cells() if isinstance(cell, Error | Printed)} <= set(task.stages)


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("{{function_node __wrapped__Op}} A label of 12.  Label values: " + "7 " * 99, "A label of 12."),
        (
            "Must have rank `target.ndim - 1`. Received: (64, 10)",
            "Must have rank `target.ndim - 1`. Received: (64, 10)",
        ),
    ],
)
def test_an_error_is_told_by_its_first_sentences(message, told):
    outputs = Outputs()
    outputs.raised["misuse"] = Failure(("ValueError",), message, "")
    assert text_of(Error("misuse"), outputs, None) == f"ValueError: {told}"


def test_zero_has_no_sign():
    outputs = Outputs()
    outputs["stage/zero"] = np.array(-0.0)
    assert text_of("stage/zero", outputs, None) == "0"
