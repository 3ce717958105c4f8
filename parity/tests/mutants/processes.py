"""A copy of the checkout in which the fault is, and the processes that look at it: one that stays, and forks."""

import compileall
import contextlib
import math
import multiprocessing
import os
import py_compile
import resource
import shutil
import signal
import subprocess
import sys
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from parity.tests.mutants.checks import checks_of, forget, seen_by
from parity.tests.mutants.operators import Mutant, planted

ROOT = Path(__file__).parents[3]
OURS = ("parity", "impl_numpy", "impl_torch", "impl_tf", "benchmarks", "conftest")
FORK = multiprocessing.get_context("fork")
FIRST = 1200.0  # seconds for what is not mutated: imports and truths are due
START, SLOWER = (
    10.0,
    4.0,
)  # seconds for a test's process to start; and how often longer than the right code a fault may take
ASLEEP = 5.0  # how often longer by the clock: others work on the machine too


class Copy:
    """The tracked files of the checkout in another folder, whose compiled files are checked by content, not by time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
        for name in subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
        checked = py_compile.PycInvalidationMode.CHECKED_HASH
        compileall.compile_dir(folder, quiet=2, invalidation_mode=checked)

    @contextlib.contextmanager
    def planted(self, mutant: Mutant) -> Iterator[None]:
        """The fault is there while the block lasts."""
        path = self.folder / mutant.file
        before = path.read_text()
        path.write_text(planted(mutant, before))
        try:
            yield
        finally:
            path.write_text(before)

    def enter(self) -> None:
        """From here on this process, and those that it starts, import from the copy."""
        os.environ |= {"PYTHONPATH": str(self.folder), "PYTHONDONTWRITEBYTECODE": "1"}
        os.chdir(self.folder)
        sys.dont_write_bytecode = True
        sys.path[:] = [str(self.folder), *(entry for entry in sys.path if Path(entry).resolve() != ROOT)]
        for package in OURS:
            for name in [name for name in sys.modules if name.split(".")[0] == package]:
                del sys.modules[name]


class Judge:
    """A process that stays warm and judges the tasks that use a file; it is replaced if it hangs or dies."""

    def __init__(self, copy: Copy, *, timeout: float) -> None:
        self.copy, self.timeout = copy, timeout
        self.process: Any = None
        self.warm = ""  # the file whose checks were made without a fault

    def see(self, mutant: Mutant) -> str:
        """What sees the mutant; empty if nothing does, or no task uses the file alone."""
        if not checks_of(mutant.file):
            return ""
        if self.warm != mutant.file or self.process is None:
            found = self._ask(mutant.file, FIRST)
            if found:
                raise RuntimeError(f"{mutant.file} is not seen as right before it is changed: {found}")
            self.warm = mutant.file
        with self.copy.planted(mutant):
            return self._ask(mutant.file, self.timeout)

    def _ask(self, file: str, seconds: float) -> str:
        if self.process is None:
            self.pipe, theirs = FORK.Pipe()
            self.process = FORK.Process(target=_judging, args=(self.copy, self.pipe, theirs), daemon=True)
            self.process.start()
            theirs.close()
        try:
            self.pipe.send((file, seconds))
            if self.pipe.poll(ASLEEP * seconds):
                return self.pipe.recv()
            found = f"sleeps for {ASLEEP * seconds:g} s"
        except (EOFError, OSError):
            found = f"the process ends, or works for {seconds:g} s"
        self.close()
        return found

    def close(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.join()
            self.process = None


def _judging(copy: Copy, asking: Any, pipe: Any) -> None:
    asking.close()  # so that this process ends where the one that asks is gone
    copy.enter()
    _silence()
    with contextlib.suppress(EOFError):
        while True:
            _answer(pipe)


def _answer(pipe: Any) -> None:
    file, seconds = pipe.recv()
    _end_after(seconds)
    forget(file)
    with warnings.catch_warnings():  # a fault may leave a filter behind
        warnings.simplefilter("ignore")
        pipe.send(seen_by(checks_of(file), fresh=file.startswith("impl_numpy")))
    forget(file)


class Tests:
    """Tests that are asked together: how long each takes without a fault, and which sees a fault, the quickest first.

    Args:
        arguments: for pytest.
        timeout: the processor's seconds, at most, before a fault counts as one that never ends.
        most: a test that takes more seconds is left out.

    Raises:
        RuntimeError: a test fails before anything is changed.
    """

    def __init__(self, copy: Copy, arguments: Sequence[str], *, timeout: float, most: float = math.inf) -> None:
        self.copy, self.arguments, self.last = copy, arguments, ""
        failed, took = self._ask({}, FIRST)
        if failed:
            raise RuntimeError(f"{failed} fails before anything is changed")
        self.took = {test: seconds for test, seconds in took.items() if seconds <= most}
        self.seconds = min(timeout, START + SLOWER * sum(self.took.values()))

    def see(self, mutant: Mutant) -> str:
        """The first test that fails in a process of its own, the last that did being asked first; empty if all pass."""
        if not self.took:
            return ""
        with self.copy.planted(mutant):
            failed, _ = self._ask(self.took | {self.last: 0.0}, self.seconds)
        self.last = failed or self.last
        return failed

    def _ask(self, took: dict[str, float], seconds: float) -> tuple[str, dict[str, float]]:
        said, theirs = FORK.Pipe(duplex=False)
        process = FORK.Process(target=_testing, args=(self.copy, self.arguments, took, seconds, theirs))
        process.start()
        theirs.close()
        found: tuple[str, dict[str, float]] = f"sleeps for {ASLEEP * seconds:g} s", {}
        with contextlib.suppress(EOFError):
            if said.poll(ASLEEP * seconds):
                found = f"the process ends, or works for {seconds:g} s", {}
                found = said.recv()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.join()
        return found


class Asked:
    """A plugin of pytest's: the tests of `took` alone, if it names any, the quickest first; and what came of them."""

    def __init__(self, took: dict[str, float]) -> None:
        self.known, self.took, self.failed = took, dict[str, float](), ""

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        if self.known:
            items[:] = sorted((i for i in items if i.nodeid in self.known), key=lambda item: self.known[item.nodeid])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.took[report.nodeid] = self.took.get(report.nodeid, 0.0) + report.duration
        self._look(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._look(report)

    def _look(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if report.failed:
            self.failed = self.failed or report.nodeid


def _testing(copy: Copy, arguments: Sequence[str], took: dict[str, float], seconds: float, pipe: Any) -> None:
    os.setpgid(0, 0)
    copy.enter()
    _silence()
    _end_after(seconds)
    asked = Asked(took)
    plain = [
        "-x",
        "-q",
        "--assert=plain",
        *(word for name in ("cacheprovider", "xdist", "benchmark") for word in ("-p", f"no:{name}")),
    ]
    code = pytest.main([*plain, *arguments], plugins=[asked])
    pipe.send(("" if code in (0, 5) else asked.failed or f"pytest's exit code {int(code)}", asked.took))


def _end_after(seconds: float) -> None:
    """Let the system end this process when it has worked so long: on a busy machine a clock says nothing."""
    spent = resource.getrusage(resource.RUSAGE_SELF)
    due = math.ceil(spent.ru_utime + spent.ru_stime + seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (due, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _silence() -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
