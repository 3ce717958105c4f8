"""Options of the side-by-side comparison, and the record of what has no time."""

import pytest

from benchmarks.contest import TURNS, Contest
from parity.task import UsageError


def pytest_addoption(parser):
    group = parser.getgroup("parity")
    for name, what in (
        ("tasks", "the tasks"),
        ("frameworks", "the frameworks"),
        ("devices", "the devices"),
        ("modes", "the modes"),
    ):
        group.addoption(f"--{name}", default="", help=f"{what}, separated by commas")
    group.addoption("--size", default="base", help="tiny, base or large")
    group.addoption("--verdicts", help="the JSON file of `parity run`; what it lacks is judged first")


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
        pairs = [
            (entry, turn) for group in metafunc.config.contest.groups() for turn in range(TURNS) for entry in group
        ]
        metafunc.parametrize("entry, turn", pairs, ids=[f"{entry} {turn}" for entry, turn in pairs])


@pytest.fixture
def contest(request):
    return request.config.contest


def pytest_benchmark_update_json(config, benchmarks, output_json):
    """Beside the times stands what has none, and why."""
    output_json["refused"] = config.contest.refused()
