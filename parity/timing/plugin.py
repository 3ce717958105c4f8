"""The pytest plugin of `side_by_side`: its options, the order of the turns, and a file of rows for each task."""

import faulthandler
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from parity.files import WholeFile
from parity.frameworks.runtime import devices_of
from parity.task import DEVICES, FRAMEWORKS, MODES, SIZES, UsageError, choose
from parity.tasks import load, names
from parity.timing.alternation import Word
from parity.timing.contest import NOW, Contest
from parity.timing.gate import Gate
from parity.timing.loop import USUAL, Backend
from parity.timing.machine import allowed_cores
from parity.timing.turns import Turns


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("parity")
    for name, what in (
        ("tasks", "the tasks"),
        ("frameworks", "the frameworks"),
        ("devices", "the devices"),
        ("modes", "modes beside the usual ones"),
    ):
        group.addoption(f"--{name}", default="", help=f"{what}, separated by commas")
    group.addoption("--tf32", action="store_true", help="on a GPU, once more with TF32")
    group.addoption("--size", default="base", help="tiny, base or large")
    group.addoption("--verdicts", help="the JSON file of `parity run`; loops that it lacks are judged first")
    group.addoption("--rows", help="a folder for each task's rows, and for the file that names the current turn")
    group.addoption("--lost", default="[]", help="JSON: a list of [task, backend, the reason not to try it again]")
    group.addoption("--alternation", help="the address where this process gets the word, turn by turn")
    group.addoption("--import-limit", type=float, default=600.0, help="seconds until the first turn")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--alternation"):
        config.word = Word(config.getoption("--alternation"))  # type: ignore[attr-defined]
    allowed_cores()  # noted before a library can bind this thread to one of them
    # This limits the imports before the first turn; from then on pytest limits each turn in the same way.
    faulthandler.dump_traceback_later(config.getoption("--import-limit"), exit=True)
    try:
        config.contest = contest_of(config.getoption)  # type: ignore[attr-defined]
        config.turns = turns_of(config.contest, config.getoption)  # type: ignore[attr-defined]
    except UsageError as error:
        raise pytest.UsageError(str(error)) from error


def pytest_unconfigure(config: pytest.Config) -> None:
    if hasattr(config, "turns"):
        config.turns.close()
    if hasattr(config, "word"):
        config.word.leave()


def contest_of(option: Callable[[str], Any]) -> Contest:
    """The comparison that these options describe; UsageError for names that do not exist."""

    def chosen(kind: str, plural: str, valid: tuple[str, ...]) -> list[str]:
        return [choose(kind, name, valid) for name in option(plural).split(",") if name]

    frameworks = chosen("framework", "frameworks", FRAMEWORKS) or FRAMEWORKS
    devices, modes = chosen("device", "devices", DEVICES), chosen("mode", "modes", MODES)
    return Contest(
        tasks=[load(name) for name in option("tasks").split(",") if name] or [load(name) for name in names()],
        backends=[
            Backend(framework=framework, mode=mode, device=device, tf32=tf32)
            for framework in frameworks
            for device in devices or devices_of(framework)
            for mode in dict.fromkeys([USUAL[framework], *modes])
            for tf32 in ([False, True] if option("tf32") and device == "cuda" else [False])
        ],
        size=choose("size", option("size"), SIZES),
    )


def turns_of(contest: Contest, option: Callable[[str], Any]) -> Turns:
    """The turns of a comparison, with a gate that uses the verdicts in these options; UsageError as for `Gate.read`."""
    gate = Gate(contest.size)
    if option("verdicts"):
        gate.read(Path(option("verdicts")), {backend.framework for backend in contest.backends})
    lost = {(task, backend): reason for task, backend, reason in json.loads(option("lost"))}
    return Turns(contest, gate, lost)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each task, loop, turn and backend, in this order."""
    if "entry" in metafunc.fixturenames:
        turns = metafunc.config.contest.turns()  # type: ignore[attr-defined]
        metafunc.parametrize("entry, turn", turns, ids=[f"{entry} {turn}" for entry, turn in turns])


@pytest.hookimpl(wrapper=True, tryfirst=True)  # outermost: the wait does not count for the limit of a turn
def pytest_runtest_protocol(item: Any, nextitem: Any) -> Any:
    """Pass the word on when every backend of the loop has had its turn."""
    done = yield
    if hasattr(item.config, "word") and nextitem is not None and _round(nextitem) != _round(item):
        item.config.word.pass_on()
    return done


def pytest_runtest_setup(item: Any) -> None:
    """Record whose turn it is, so that the caller knows it if this process dies."""
    if item.config.getoption("rows"):
        entry = item.callspec.params["entry"]
        now = json.dumps([entry.task.name, str(entry.backend), entry.loop])
        WholeFile(Path(item.config.getoption("rows"), NOW)).write(now)


def pytest_runtest_teardown(item: Any, nextitem: Any) -> None:
    """Write a task's rows as soon as its last turn is over."""
    task = item.callspec.params["entry"].task
    following = nextitem.callspec.params["entry"].task if nextitem is not None else None
    if item.config.getoption("rows") and following is not task:
        file = WholeFile(Path(item.config.getoption("rows"), f"{task.name}.json"))
        file.write(json.dumps(item.config.turns.rows(task)))


@pytest.fixture
def turns(request: pytest.FixtureRequest) -> Any:
    return request.config.turns  # type: ignore[attr-defined]


def _round(item: Any) -> tuple[str, str, int]:
    entry, turn = item.callspec.params["entry"], item.callspec.params["turn"]
    return entry.task.name, entry.loop, turn
