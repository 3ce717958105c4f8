"""The timed turns: loops that stay warm between them, and a row for each entry."""

import contextlib
import dataclasses
import functools
import operator
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from parity.frameworks.runtime import available
from parity.judging.run import Failure
from parity.task import Task
from parity.timing.contest import DTYPE, TURNS, Contest, Entry
from parity.timing.gate import Gate
from parity.timing.loop import WarmLoop, card, warmed
from parity.timing.machine import Disturbance


@dataclass(frozen=True)
class Taken:
    """A finished turn: the time of each of its rounds, of a call by the device's own events, and the machine."""

    seconds: Sequence[float]
    device_seconds: float | None
    disturbance: Disturbance


class Turns:
    """The rows of all entries so far: an entry's times by turn, or why it has none.

    The turns of a loop's backends are compared with one another, so they count as disturbed together: somebody who took
    the cores from one of them would make it look slower than the others.
    """

    def __init__(self, contest: Contest, gate: Gate, lost: Mapping[tuple[str, str], str]) -> None:
        """
        Args:
            lost: by task and backend, the reason not to try it again.
        """
        self._contest, self._gate = contest, gate
        self._rows: dict[str, dict[str, Any]] = {}
        self._taken: defaultdict[str, dict[int, Taken]] = defaultdict(dict)
        self._open = contextlib.ExitStack()
        self._warm: dict[str, WarmLoop] = {}
        self._group = "", ""
        for entry in (entry for group in contest.groups() for entry in group):
            if reason := lost.get((entry.task.name, str(entry.backend))):
                self._skip(entry, reason, failed=True)

    def skip_reason(self, entry: Entry) -> str:
        """Why this entry is not timed, or "".  An error while judging is raised, and is the reason from then on."""
        if str(entry) not in self._rows:
            with self._failing(entry):
                reason = self._gate.skip_reason(entry)
            if not reason:
                return ""
            self._skip(entry, reason, failed=False)
        return str(self._rows[str(entry)]["skip_reason"])

    @contextlib.contextmanager
    def turn(self, entry: Entry) -> Iterator[WarmLoop]:
        """The entry's loop for one turn; it stays warm until another loop's turn comes.

        The backends of a loop are open at once, each within its policy, and the policy opened last is in force, so this
        backend's policy is entered again.  An error in the block, or before it, is why the entry has no time.
        """
        backend = entry.backend
        with self._failing(entry):
            loop = self._loop(entry)
            runtime = available(backend.framework, backend.device, backend.mode)
            with runtime.policy(backend.device, DTYPE, tf32=backend.tf32):
                yield loop

    def wanted(self, entry: Entry, turn: int) -> bool:
        """Whether this turn is to be taken: a spare one while the least disturbed of those before it are disturbed."""
        if turn < TURNS:
            return True
        before = {number: one for number, one in self._disturbances(entry).items() if number < turn}
        least = [before[number] for number in _least_disturbed(before)]
        return len(least) < TURNS or bool(_worst(least).disturbs(self._threads(entry)))

    def add(self, entry: Entry, turn: int, taken: Taken) -> None:
        """Add a finished turn."""
        self._rows.setdefault(str(entry), {**self.about(entry), "skip_reason": "", "failed": False})
        self._taken[str(entry)][turn] = taken

    def rows(self, task: Task) -> list[dict[str, Any]]:
        """The rows of a task whose turns are over: each entry's least disturbed turns, or why it has none."""
        entries = (entry for group in self._contest.groups() for entry in group if entry.task.name == task.name)
        return [self.row(entry) for entry in entries]

    def row(self, entry: Entry) -> dict[str, Any]:
        """The row of an entry whose turns are over."""
        return self._rows[str(entry)] | self._times(entry)

    def about(self, entry: Entry) -> dict[str, Any]:
        """The other columns in the row of a warm entry."""
        loop = self._warm[str(entry)]
        return {
            **self._where(entry), "units": self._gate.units(entry),
            **card(entry.backend, dtype=DTYPE, size=self._contest.size), "examples": loop.examples,
            "build_seconds": loop.build_seconds, "first_seconds": loop.first_seconds,
        }  # fmt: skip

    def close(self) -> None:
        """Release the warm loops."""
        self._warm.clear()
        self._open.close()

    @contextlib.contextmanager
    def _failing(self, entry: Entry) -> Iterator[None]:
        """Record any error in the block, also an exit, as the reason why the entry has no time."""
        try:
            yield
        except BaseException as error:
            self._skip(entry, str(Failure.of(error)), failed=True)
            raise

    def _skip(self, entry: Entry, reason: str, *, failed: bool) -> None:
        self._rows[str(entry)] = {**self._where(entry), "skip_reason": reason, "failed": failed}

    def _times(self, entry: Entry) -> dict[str, Any]:
        """The columns that an entry's turns give; none if it has no time."""
        if self._rows[str(entry)]["skip_reason"]:
            return {}
        every = self._disturbances(entry)
        kept = _least_disturbed(every)
        worst = _worst([every[turn] for turn in kept])
        mine = [self._taken[str(entry)][turn] for turn in kept]
        return {
            "turns": kept, "others_by_turn": [every[turn].share for turn in kept],
            "seconds": [list(taken.seconds) for taken in mine],
            "device_seconds": [taken.device_seconds for taken in mine],
            **dataclasses.asdict(_sum(mine)),
            "spare_turns": len(every) - len(kept), "others": worst.share,
            "disturbed": worst.disturbs(self._threads(entry)),
        }  # fmt: skip

    def _disturbances(self, entry: Entry) -> dict[int, Disturbance]:
        """The machine during each turn of a loop, of all its backends that have a time."""
        timed = [self._taken[str(one)] for one in self._timed(entry)]
        complete = set.intersection(*map(set, timed)) if timed else set()
        return {turn: _sum(of_backend[turn] for of_backend in timed) for turn in sorted(complete)}

    def _threads(self, entry: Entry) -> int:
        """The most that a backend of a loop uses; one that computes on a GPU has one here."""
        timed = self._timed(entry)
        return max(self._rows[str(one)]["threads"] if one.backend.device == "cpu" else 1 for one in timed)

    def _timed(self, entry: Entry) -> list[Entry]:
        """The entries of a loop's backends that have a time."""
        group = [dataclasses.replace(entry, backend=backend) for backend in self._contest.backends]
        return [one for one in group if not self._rows.get(str(one), {}).get("skip_reason", "unknown")]

    def _loop(self, entry: Entry) -> WarmLoop:
        if self._group != (entry.task.name, entry.loop):
            self.close()
            self._group = entry.task.name, entry.loop
        if str(entry) not in self._warm:
            loop = warmed(entry.task, entry.loop, entry.backend, dtype=DTYPE, size=self._contest.size)
            self._warm[str(entry)] = self._open.enter_context(loop)
        return self._warm[str(entry)]

    def _where(self, entry: Entry) -> dict[str, str]:
        where = {"task": entry.task.name, "topic": entry.task.topic, "loop": entry.loop}
        where |= {"backend": str(entry.backend), **dataclasses.asdict(entry.backend)}
        return {**where, "dtype": DTYPE, "size": self._contest.size}


def _least_disturbed(every: Mapping[int, Disturbance]) -> list[int]:
    """The turns that count, in their order.  Short turns are compared by what is counted, though it is blurred."""
    return sorted(sorted(every, key=lambda turn: every[turn].counted or 0.0)[:TURNS])


def _worst(turns: Sequence[Disturbance]) -> Disturbance:
    """The most disturbed of some turns and of all together: a short one by itself passes for quiet."""
    return max((*turns, functools.reduce(operator.add, turns)), key=lambda one: one.share or 0.0)


def _sum(turns: Iterable[Taken]) -> Disturbance:
    return functools.reduce(operator.add, (taken.disturbance for taken in turns))
