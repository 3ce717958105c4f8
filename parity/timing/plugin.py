"""Options of the side-by-side comparison, and the record of what came of each task."""

import json
from pathlib import Path

import pytest

from parity.timing.contest import Contest
from parity.files import WholeFile
from parity.task import UsageError
from parity.timing.measure import NOW


def pytest_addoption(parser):
    group = parser.getgroup("parity")
    for name, what in (
        ("tasks", "the tasks"),
        ("frameworks", "the frameworks"),
        ("devices", "the devices"),
        ("modes", "modes beside the usual ones"),
    ):
        group.addoption(f"--{name}", default="", help=f"{what}, separated by commas")
    group.addoption("--size", default="base", help="tiny, base or large")
    group.addoption("--verdicts", help="the JSON file of `parity run`; what it lacks is judged first")
    group.addoption("--rows", help="a folder for the rows of each task, and for whose turn it is")
    group.addoption("--lost", default="[]", help="JSON: [task, contestant, why it is not tried again]")


def pytest_configure(config):
    try:
        config.contest = Contest.of(config.getoption)
    except UsageError as error:
        raise pytest.UsageError(str(error)) from error


def pytest_unconfigure(config):
    if hasattr(config, "contest"):
        config.contest.close()


def pytest_generate_tests(metafunc):
    """One test for each task, loop, turn and contestant, in this order."""
    if "entry" in metafunc.fixturenames:
        turns = metafunc.config.contest.turns()
        metafunc.parametrize("entry, turn", turns, ids=[f"{entry} {turn}" for entry, turn in turns])


def pytest_runtest_setup(item):
    """Whose turn it is can be read when this process is no more."""
    if item.config.getoption("rows"):
        entry = item.callspec.params["entry"]
        now = json.dumps([entry.task.name, str(entry.contestant), entry.loop])
        Path(item.config.getoption("rows"), NOW).write_text(now)


def pytest_runtest_teardown(item, nextitem):
    """A task's rows are written as soon as its last turn is over."""
    task, following = (i.callspec.params["entry"].task if i is not None else None for i in (item, nextitem))
    if item.config.getoption("rows") and (following is None or following.name != task.name):
        file = WholeFile(Path(item.config.getoption("rows"), f"{task.name}.json"))
        file.write(json.dumps(item.config.contest.rows(task)))


@pytest.fixture
def contest(request):
    return request.config.contest
