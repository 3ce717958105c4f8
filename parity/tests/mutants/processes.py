"""A copy of the checkout in which the fault is, and the processes that look at it: one that stays, and forks."""

import compileall
import contextlib
import importlib
import multiprocessing
import os
import py_compile
import shutil
import signal
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from parity.tests.mutants.checks import IMPORTED, checks_of, forget, seen_by, tests_of
from parity.tests.mutants.operators import Mutant, planted

ROOT = Path(__file__).parents[3]
OURS = ("parity", "impl_numpy", "impl_torch", "impl_tf", "benchmarks", "conftest")
FORK = multiprocessing.get_context("fork")
FIRST = 1200.0  # seconds for what is not mutated: imports and truths are due


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

    def _ask(self, file: str, timeout: float) -> str:
        if self.process is None:
            self.pipe, theirs = FORK.Pipe()
            self.process = FORK.Process(target=_judging, args=(self.copy, self.pipe, theirs), daemon=True)
            self.process.start()
            theirs.close()
        try:
            self.pipe.send(file)
            if self.pipe.poll(timeout):
                return self.pipe.recv()
            found = f"takes more than {timeout:g} s"
        except (EOFError, OSError):
            found = "the process ends"
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
    warnings.simplefilter("ignore")
    with contextlib.suppress(EOFError):
        while True:
            _answer(pipe)


def _answer(pipe: Any) -> None:
    file = pipe.recv()
    forget(file)
    pipe.send(seen_by(checks_of(file), fresh=file.startswith("impl_numpy")))
    forget(file)


def tested(copy: Copy, mutant: Mutant | None, file: str, *, timeout: float) -> str:
    """The first test that fails in a process of its own; empty if all pass."""
    importlib.import_module(IMPORTED.get(file.partition("/")[0], "numpy"))
    for arguments in tests_of(file):
        with copy.planted(mutant) if mutant else contextlib.nullcontext():
            said, theirs = FORK.Pipe(duplex=False)
            process = FORK.Process(target=_testing, args=(copy, arguments, theirs))
            process.start()
            theirs.close()
            found = f"takes more than {timeout:g} s"
            with contextlib.suppress(EOFError):
                if said.poll(timeout):
                    found = "the process ends"
                    found = said.recv()
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.join()
        if found:
            return found
    return ""


def _testing(copy: Copy, arguments: list[str], pipe: Any) -> None:
    import pytest

    os.setpgid(0, 0)
    copy.enter()
    _silence()

    class First:
        failed = ""

        def pytest_runtest_logreport(self, report: Any) -> None:
            if report.failed:
                self.failed = self.failed or report.nodeid

        def pytest_collectreport(self, report: Any) -> None:
            if report.failed:
                self.failed = self.failed or report.nodeid

    first = First()
    plain = ["-x", "-q", *(word for name in ("cacheprovider", "xdist", "benchmark") for word in ("-p", f"no:{name}"))]
    code = pytest.main([*plain, *arguments], plugins=[first])
    pipe.send("" if code in (0, 5) else first.failed or f"pytest's exit code {int(code)}")


def _silence() -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
