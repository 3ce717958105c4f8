"""Two revisions measured in turns, each in a process of its own: A B B A, then B A A B, again and again.

Differences between two processes of the same code are removed or averaged out.  Both processes are pinned to one
core, since two cores of a shared machine differ by tens of percent for minutes.  Both use one thread, since two threads
would need two cores.  The allocator keeps its memory: whether it returns a block to the kernel after each call depends
on the process's history, and doubles a loop's time by chance.  The hash seeds are equal.  The place of the data in
memory still differs, so each pair of processes counts once, and many pairs are measured.  A loop that stays undecided
is warmed anew several times in each pair.
"""

import contextlib
import json
import os
import select
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.ab.statistics import MAX_PAIRS, MIN_PAIRS, Change, change_of
from parity.frameworks import threads
from parity.task import UsageError
from parity.timing.loop import USUAL

WORKER = Path(__file__).parent / "worker.py"
ROUNDS = 12  # of each preparation; more would not help, since most noise is between pairs and between preparations
PREPARATIONS = 4  # in each pair, for a loop that the first pairs did not decide; each puts the data elsewhere in memory
WINDOW = 0.002  # seconds that a window lasts, at least
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

    log_ratio: float  # log(time of B / time of A): the mean over preparations of the median over rounds
    a_seconds: float  # of a call: the median over all rounds of all preparations
    b_seconds: float


@dataclass
class Evidence:
    """The measurements so far: the pairs of each loop, or why it has none."""

    pairs: dict[Loop, list[Pair]] = field(default_factory=dict)
    failed: dict[Loop, str] = field(default_factory=dict)
    least: int = MIN_PAIRS  # pairs before a loop may be decided

    def count(self, loop: Loop) -> int:
        return len(self.pairs.get(loop, ()))

    def comparison(self, loop: Loop, *, of: int) -> Change:
        """The change that a loop's pairs give; `of` is the number of loops that are compared at once."""
        return change_of([pair.log_ratio for pair in self.pairs[loop]], loops=of)

    def wants(self, loop: Loop, *, of: int) -> bool:
        """Whether another pair is wanted: the loop can be measured, and is not decided."""
        if loop in self.failed or self.count(loop) >= MAX_PAIRS:
            return False
        return self.count(loop) < self.least or not self.comparison(loop, of=of).decided


def pin_to_last_core(process: int = 0) -> None:
    """Pin a process (by default this one) to the last core that this process may use, if the system can do it."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(process, {max(os.sched_getaffinity(0))})


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
        pin_to_last_core(self._process.pid)  # before the worker has made a thread

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, name: str, *args: Any) -> Any:
        """The worker's answer.

        Raises:
            Failed: an exception, a crash or a timeout; after the last two the process is over.  The message names the
                revision.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps([name, *args]) + "\n")
            self._process.stdin.flush()
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


def pair_of(
    a: Side, b: Side, loop: Loop, size: str, *, slowdown: float = 0.0, preparations: int = 1, rounds: int = ROUNDS
) -> Pair:
    """Measure one loop in turns; B waits for a planted slowdown."""
    what = (loop.task, loop.loop, loop.framework, USUAL[loop.framework], size, WINDOW)
    seconds = np.empty((preparations, rounds, 2))  # of a call
    for preparation in seconds:
        calls = max(side.ask("prepare", *what) for side in (a, b))
        for number in range(rounds):
            outer, inner = (a, b) if number % 2 == 0 else (b, a)
            spent = {a: 0.0, b: 0.0}
            for side in (outer, inner, inner, outer):
                spent[side] += side.ask("window", calls, slowdown if side is b else 0.0)
            preparation[number] = spent[a] / (2 * calls), spent[b] / (2 * calls)
    log_ratio = np.median(np.log(seconds[..., 1] / seconds[..., 0]), axis=1).mean()
    return Pair(float(log_ratio), *(float(value) for value in np.median(seconds, axis=(0, 1))))


@contextlib.contextmanager
def sides(a: Path, b: Path, *, b_first: bool) -> Iterator[tuple[Side, Side]]:
    """A pair of workers; the caller alternates which one starts first."""
    with contextlib.ExitStack() as stack:
        started = [Side(tree) for tree in ((b, a) if b_first else (a, b))]
        for side in started:
            stack.callback(side.close)
        yield (started[1], started[0]) if b_first else (started[0], started[1])


def measure_pairs(
    a: Path, b: Path, loops: Sequence[Loop], size: str, evidence: Evidence, *, slowdown: float = 0.0,
    keep: Callable[[str], None] = lambda note: None,
) -> None:  # fmt: skip
    """Measure loops with pair after pair of fresh processes, until each is decided or has `MAX_PAIRS` pairs.

    Args:
        a, b: the folders of the two revisions.
        evidence: the measurements so far; the new ones are added to it.
        slowdown: planted in B, as a part of its time.
        keep: called after every loop of every pair with a note on the progress.
    """
    for framework in dict.fromkeys(loop.framework for loop in loops):
        mine = [loop for loop in loops if loop.framework == framework]
        while wanted := [loop for loop in mine if evidence.wants(loop, of=len(loops))]:
            fewest = min(evidence.count(loop) for loop in wanted)
            wanted = [loop for loop in wanted if evidence.count(loop) == fewest]
            preparations = 1 if fewest < evidence.least else PREPARATIONS
            left = list(wanted)
            while left:  # again with new processes, if a loop has ended its own
                with sides(a, b, b_first=bool(fewest % 2)) as (first, second):
                    while left and first.alive and second.alive:
                        loop = left.pop(0)
                        try:
                            pair = pair_of(
                                first, second, loop, size, slowdown=slowdown, preparations=preparations
                            )  # fmt: skip
                            evidence.pairs.setdefault(loop, []).append(pair)
                        except Failed as error:
                            evidence.failed[loop] = str(error)
                        keep(f"{framework}, pair {fewest + 1}: {len(wanted) - len(left)} of {len(wanted)} loops")


@dataclass
class Trial:
    """A comparison of two revisions: every loop is measured, and a loop that seems slower again, with new processes.

    A few pairs may lie close together by chance, so the second measurement, which decides, takes twice as many.
    """

    first: Evidence = field(default_factory=Evidence)
    again: Evidence = field(default_factory=lambda: Evidence(least=2 * MIN_PAIRS))

    def run(
        self, a: Path, b: Path, loops: Sequence[Loop], size: str, *, slowdown: float = 0.0,
        keep: Callable[[str], None] = lambda note: None,
    ) -> None:  # fmt: skip
        """Measure what is not measured yet; the arguments are those of `measure_pairs`."""
        measure_pairs(a, b, loops, size, self.first, slowdown=slowdown, keep=keep)
        measure_pairs(a, b, self._seeming(loops), size, self.again, slowdown=slowdown, keep=keep)

    @property
    def failed(self) -> dict[Loop, str]:
        """The loops that could not be measured, the first time or again, and why."""
        return {**self.first.failed, **self.again.failed}

    def verdicts(self, loops: Sequence[Loop]) -> dict[Loop, tuple[Change, str]]:
        """The verdict on each loop: slower (twice), faster, as fast, not confirmed, undecided; none if it failed."""
        seeming = self._seeming(loops)
        verdicts = {}
        for loop in loops:
            if loop in self.failed or not self.first.count(loop):
                continue
            first = self.first.comparison(loop, of=len(loops))
            if loop in seeming:
                again = self.again.comparison(loop, of=len(seeming))
                word = "slower" if again.slower else "not confirmed" if again.decided else "undecided"
            else:
                word = "faster" if first.faster else "as fast" if first.decided else "undecided"
            verdicts[loop] = first, word
        return verdicts

    def _seeming(self, loops: Sequence[Loop]) -> list[Loop]:
        return [
            loop for loop in loops
            if self.first.count(loop) and self.first.comparison(loop, of=len(loops)).slower
        ]  # fmt: skip


def loops_of(tree: Path, frameworks: Sequence[str]) -> dict[Loop, str]:
    """Every loop of a revision with its specification's digest; UsageError if the revision cannot be imported."""
    side = Side(tree)
    try:
        return {Loop(t, name, f): digest for f in frameworks for t, name, digest in side.ask("loops", f)}
    except Failed as error:
        raise UsageError(f"cannot be measured: {error}") from error
    finally:
        side.close()
