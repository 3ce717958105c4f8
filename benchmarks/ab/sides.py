"""Two revisions measured in turns, each in a process of its own: A B, B A, A B, B A, ...

The turns are short, and each is a ratio of its own: where a neighbour that nobody sees shares the core, its speed
changes by half and back within milliseconds, which both windows of a short turn often share.

Differences between two processes of the same code are removed or averaged out.  Both processes are pinned to one
core while the clock runs, since two cores of a shared machine differ by tens of percent for minutes; they import and
warm up side by side, on all cores.  Both use one thread, since two threads would need two cores.  The allocator keeps
its memory: whether it returns a block to the kernel after each call depends on the process's history, and doubles a
loop's time by chance.  The hash seeds are equal.  The place of the data in memory still differs, so each pair of
processes counts once, and many pairs are measured.
"""

import contextlib
import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from parity.frameworks import threads
from parity.task import UsageError
from parity.timing.loop import USUAL

WORKER = Path(__file__).parent / "worker.py"
TURNS = 128  # of a pair of processes
FEWEST_TURNS = 8  # of a slow loop
LONGEST = 1.0  # seconds of all turns, unless the fewest take longer
WINDOW = 0.00025  # seconds that one side's part of a turn lasts, at least
TIMEOUT = 300.0  # seconds to wait for an answer
# 32 MiB is the largest threshold that glibc takes; other C libraries ignore these names.
KEEP_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(2**25), "MALLOC_TRIM_THRESHOLD_": str(2**40)}
SETTINGS = {**threads.variables("1"), **KEEP_MEMORY, "PYTHONHASHSEED": "0"}


@dataclass(frozen=True)
class Loop:
    task: str
    loop: str
    framework: str

    def __str__(self) -> str:
        return f"{self.task} {self.loop} {self.framework}"


@dataclass(frozen=True)
class Pair:
    """The result of one pair of processes."""

    log_ratio: float  # log(time of B / time of A): the median over turns
    a_seconds: float  # of a call: the median over turns
    b_seconds: float


def cores() -> set[int]:
    """The cores that this process may use; empty where the system does not say."""
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()


def last_core() -> set[int]:
    """The last of them: the clocks run there."""
    return set(sorted(cores())[-1:])


def pin_to_last_core() -> None:
    """Pin this process there, if the system can do it."""
    if last_core():
        os.sched_setaffinity(0, last_core())


class Failed(Exception):
    """A process did not answer; the message has the reason."""


class Side:
    """One revision's loops, in a process of its own."""

    def __init__(self, tree: Path) -> None:
        self._revision = tree.name
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(WORKER), str(tree)], env={**os.environ, **SETTINGS}, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def run_on(self, cores: set[int]) -> None:
        """Move the process with all its threads to these cores, if the system can do it."""
        for thread in Path(f"/proc/{self.pid}/task").glob("*") if cores else ():
            with contextlib.suppress(ProcessLookupError):  # it has ended meanwhile
                os.sched_setaffinity(int(thread.name), cores)

    def ask(self, name: str, *args: Any) -> Any:
        """The worker's answer, as `answer` gives it."""
        self.send(name, *args)
        return self.answer()

    def send(self, name: str, *args: Any) -> None:
        """Ask, and do not wait for the answer."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps([name, *args]) + "\n")
            self._process.stdin.flush()

    def answer(self) -> Any:
        """The worker's answer to what was sent.

        Raises:
            Failed: an exception, a crash or a timeout; after the last two the process is over.  The message names the
                revision.
        """
        assert self._process.stdout is not None
        if not select.select([self._process.stdout], [], [], TIMEOUT)[0]:
            self.close()
            raise Failed(f"{self._revision}: no answer within {TIMEOUT:.0f} s")
        line = self._process.stdout.readline()
        if not line:
            raise Failed(f"{self._revision}: the process died (exit code {self._process.wait()})")
        answer = json.loads(line)
        if "error" in answer:
            raise Failed(f"{self._revision}: {answer['error']}")
        return answer["answer"]

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


def answers(*sides: Side, what: Sequence[Any]) -> list[Any]:
    """The answers of processes that work side by side; Failed if one has none, after all have answered."""
    for side in sides:
        side.send(*what)
    found, failures = [], []
    for side in sides:
        try:
            found.append(side.answer())
        except Failed as error:
            failures.append(error)
    if failures:
        raise failures[0]
    return found


def pair_of(a: Side, b: Side, loop: Loop, size: str, *, turns: int = TURNS) -> Pair:
    """Prepare one loop in both processes, and measure it in turns."""
    seconds = _turns(a, b, loop, size, turns)
    log_ratio = np.median(np.log(seconds[:, 1] / seconds[:, 0]))
    return Pair(float(log_ratio), *(float(value) for value in np.median(seconds, axis=0)))


def _turns(a: Side, b: Side, loop: Loop, size: str, most: int) -> np.ndarray:
    """The seconds of a call of A and of B: (turns, 2)."""
    for side in (a, b):
        side.run_on(cores())
    what = "prepare", loop.task, loop.loop, loop.framework, USUAL[loop.framework], size, WINDOW
    calls = max(answers(a, b, what=what))
    for side in (a, b):
        side.run_on(last_core())
    seconds: list[list[float]] = []
    while len(seconds) < most or len(seconds) % 2:  # half of the turns begin with A
        turn = {side: side.ask("window", calls) for side in ((a, b) if len(seconds) % 2 == 0 else (b, a))}
        seconds.append([turn[a] / calls, turn[b] / calls])
        with_untimed = 2 * sum(turn.values())
        most = min(most, max(FEWEST_TURNS, int(LONGEST / with_untimed)))
    return np.array(seconds)


@contextlib.contextmanager
def sides(a: Path, b: Path, *, b_first: bool) -> Iterator[tuple[Side, Side]]:
    """A pair of workers; the caller alternates which one starts first."""
    with contextlib.ExitStack() as stack:
        started = [Side(tree) for tree in ((b, a) if b_first else (a, b))]
        for side in started:
            stack.callback(side.close)
        yield (started[1], started[0]) if b_first else (started[0], started[1])


def loops_of(*trees: Path, frameworks: Sequence[str]) -> list[dict[Loop, str]]:
    """Every loop of each revision with the digest of what is timed; UsageError if a revision cannot be imported."""
    started = [Side(tree) for tree in trees]
    try:
        found = answers(*started, what=["loops"])
    except Failed as error:
        raise UsageError(f"cannot be measured: {error}") from error
    finally:
        for side in started:
            side.close()
    return [{Loop(task, name, f): hashed for f in frameworks for task, name, hashed in listed} for listed in found]
