"""What each exercise is there to show: it prints what it says to, and each of its claims could be false."""

import dataclasses
import io

import pytest
from rich.console import Console

from parity import draw, load, run
from parity.faults import plant
from parity.judging.shown import show_task
from parity.judging.sweep import Job, Result
from parity.judging.verdict import judge
from parity.task import FRAMEWORKS, Error, Rows


def test_a_task_states_values_and_claims_or_says_why_not(task_name):
    task = load(task_name)
    assert (task.known and task.claims) or task.states_nothing
    assert task.shows


def test_a_claim_is_broken_by_the_fault_that_it_names(task_name, request):
    """A claim that no mistake can break says nothing.  It breaks in the first framework that it speaks about."""
    task = load(task_name)
    for text, claim in task.claims.items():
        framework = claim.frameworks[0]
        if framework not in (request.config.getoption("--framework") or FRAMEWORKS):
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
            rows = judge(name, framework, outputs, dtype="float32", size="base")
            results.append(Result(job, rows, outputs))
        show_task(console, load(name), results)
        return console.export_text()

    return see


def test_everything_that_the_exercise_says_to_print_is_on_the_screen(task_name, screen):
    text = screen(task_name)
    task, flat = load(task_name), " ".join(text.split())
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= 80
    for show in task.shows:
        assert show.title in flat
        headings = show.columns if not hasattr(show, "of") else ()
        assert all(" ".join(heading.split()) in flat for heading in headings if heading)
        if isinstance(show, Rows):
            assert all(name in flat for name in show.rows)
    for claim in task.claims:
        assert f"✓ {' '.join(claim.split())}" in flat


def test_a_shown_error_is_of_a_stage_that_exists(task_name):
    """Shown outputs are checked by the specification itself."""
    task = load(task_name)
    for show in task.shows:
        assert {cell.stage for cell in show.cells() if isinstance(cell, Error)} <= set(task.stages)
