"""The timed turns: loops that stay warm between them, and a row for each entry."""

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from parity.frameworks.runtime import available
from parity.judging.run import Failure
from parity.task import Task
from parity.timing.contest import DTYPE, Contest, Entry
from parity.timing.gate import Gate
from parity.timing.loop import WarmLoop, card, warmed


class Turns:
    """The rows of all entries so far: an entry's times by turn, or why it has none."""

    def __init__(self, contest: Contest, gate: Gate, lost: Mapping[tuple[str, str], str]) -> None:
        """
        Args:
            lost: by task and backend, the reason not to try it again.
        """
        self._contest, self._gate = contest, gate
        self._rows: dict[str, dict[str, Any]] = {}
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
            with available(backend.framework, backend.device, backend.mode).policy(backend.device, DTYPE):
                yield loop

    def add(self, entry: Entry, seconds: Sequence[float], device_seconds: float | None) -> None:
        """Add a finished turn: the time of each of its rounds, and of a call by the device's own events."""
        about = {**self.about(entry), "seconds": [], "device_seconds": [], "skip_reason": "", "failed": False}
        row = self._rows.setdefault(str(entry), about)
        row["seconds"].append(list(seconds))
        row["device_seconds"].append(device_seconds)

    def rows(self, task: Task) -> list[dict[str, Any]]:
        """The rows of a task whose turns are over: each entry's times by turn, or why it has none."""
        entries = (entry for group in self._contest.groups() for entry in group if entry.task.name == task.name)
        return [self._rows[str(entry)] for entry in entries]

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
