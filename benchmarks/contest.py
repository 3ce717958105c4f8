"""Who is timed on what: the contestants of each loop, and the verdict without which there is no time."""

import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from parity import judge
from parity.framework import Unavailable, available, devices_of, runtime
from parity.judge import GOOD
from parity.task import DEVICES, FRAMEWORKS, MODES, SIZES, Task, UsageError, choose, load, names
from parity.timing import USUAL, Contestant, Loop, card, prepared

DTYPE = "float32"
TURNS = 3  # of each contestant on a loop


@dataclass(frozen=True)
class Entry:
    """A contestant on a loop of a task."""

    task: Task
    loop: str
    contestant: Contestant

    def __str__(self) -> str:
        return f"{self.task.name} {self.loop} {self.contestant}"


@dataclass
class Contest:
    """The tasks, contestants and size of one comparison, and what is known of each entry."""

    tasks: list[Task]
    contestants: list[Contestant]
    size: str
    verdicts: dict[tuple[str, ...], list[str]] = field(default_factory=dict)
    units: dict[tuple[str, ...], float] = field(default_factory=dict)
    _refusals: dict[str, tuple[Entry, str, bool]] = field(default_factory=dict)
    _open: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    _ready: dict[str, Loop] = field(default_factory=dict)
    _group: tuple[str, str] = ("", "")

    @classmethod
    def of(cls, option: Callable[[str], Any]) -> "Contest":
        """From the options of pytest; UsageError for names that do not exist."""

        def chosen(kind: str, plural: str, valid: tuple[str, ...]) -> list[str]:
            return [choose(kind, name, valid) for name in option(plural).split(",") if name]

        frameworks = chosen("framework", "frameworks", FRAMEWORKS) or FRAMEWORKS
        devices, modes = chosen("device", "devices", DEVICES), chosen("mode", "modes", MODES)
        contest = cls(
            tasks=[load(name) for name in filter(None, option("tasks").split(","))] or [load(n) for n in names()],
            contestants=[
                Contestant(framework=framework, mode=mode, device=device)
                for framework in frameworks
                for device in devices or devices_of(framework)
                for mode in modes or [USUAL[framework]]
            ],
            size=choose("size", option("size"), SIZES),
        )
        if option("verdicts"):
            contest._read(Path(option("verdicts")))
        return contest

    def groups(self) -> list[list[Entry]]:
        """The entries, those of one loop together."""
        return [
            [Entry(task, loop, contestant) for contestant in self.contestants]
            for task in self.tasks
            if self.size in task.sizes
            for loop in task.loops
        ]

    def refusal(self, entry: Entry) -> str | None:
        """Why this entry gets no time, or None: it runs here, and it computes what the specification says."""
        if str(entry) not in self._refusals:
            reason = self._judged(entry)
            if reason is None:
                return None
            self._refusals[str(entry)] = entry, reason, False
        return self._refusals[str(entry)][1]

    def refused(self) -> list[dict[str, Any]]:
        """A row for each entry without a time: where, the reason, and whether it failed while it was timed."""
        return [
            {**_where(entry), "refused": reason, "failed": failed} for entry, reason, failed in self._refusals.values()
        ]

    def ready(self, entry: Entry) -> Loop:
        """The entry's warm loop; it stays warm until another loop's turn comes.  What it raises becomes a refusal."""
        if self._group != (entry.task.name, entry.loop):
            self.close()
            self._group = entry.task.name, entry.loop
        if str(entry) not in self._ready:
            try:
                loop = prepared(entry.task, entry.loop, entry.contestant, dtype=DTYPE, size=self.size)
                self._ready[str(entry)] = self._open.enter_context(loop)
            except Exception as error:
                self._refusals[str(entry)] = entry, f"{type(error).__name__}: {error}", True
                raise
        return self._ready[str(entry)]

    def about(self, entry: Entry) -> dict[str, Any]:
        """What stands beside the time of an entry that is ready."""
        loop = self._ready[str(entry)]
        return {
            **_where(entry), "units": self.units[self._key(entry)],
            **card(entry.contestant, dtype=DTYPE, size=self.size), "examples": loop.examples,
            "build_seconds": loop.build_seconds, "first_seconds": loop.first_seconds,
        }  # fmt: skip

    def close(self) -> None:
        """Let go of the loops that are warm."""
        self._ready.clear()
        self._open.close()

    def _judged(self, entry: Entry) -> str | None:
        contestant = entry.contestant
        try:
            available(contestant.framework, contestant.device, contestant.mode)
        except Unavailable as error:
            return str(error)
        if self._key(entry) not in self.verdicts:
            self._add(
                judge(
                    entry.task, contestant.framework, device=contestant.device, dtype=DTYPE, mode=contestant.mode,
                    size=self.size,
                )
            )  # fmt: skip
        bad = sorted(set(self.verdicts[self._key(entry)]) - set(GOOD))
        return f"its outputs: {', '.join(bad)}" if bad else None

    def _key(self, entry: Entry) -> tuple[str, ...]:
        who = entry.contestant
        return entry.task.name, who.framework, who.device, DTYPE, who.mode, self.size, entry.loop

    def _read(self, path: Path) -> None:
        """Take the verdicts of a file that was written with the versions that are here; the rest is judged anew."""
        try:
            found = json.loads(path.read_text())
            versions = {name: here["versions"] for name, here in found["environment"]["frameworks"].items()}
            rows = found["rows"]
        except (OSError, ValueError, KeyError, AttributeError) as error:
            raise UsageError(f"{path} is no file of verdicts; write one with parity run --json {path}") from error
        frameworks = {contestant.framework for contestant in self.contestants}
        same = {name for name in frameworks if _versions(name) == versions.get(name)}
        self._add(SimpleNamespace(**row) for row in rows if row["framework"] in same)

    def _add(self, rows: Any) -> None:
        for row in rows:
            loop = row.output.partition("/")[0]
            key = (row.task, row.framework, row.device, row.dtype, row.mode, row.size, loop)
            self.verdicts.setdefault(key, []).append(row.verdict)
            self.units[key] = max(self.units.get(key, 0.0), float(row.units or 0.0))  # the JSON has "inf"


def _where(entry: Entry) -> dict[str, str]:
    where = {"task": entry.task.name, "topic": entry.task.topic, "loop": entry.loop}
    return {**where, "contestant": str(entry.contestant)}


def _versions(framework: str) -> dict[str, str] | None:
    try:
        return dict(runtime(framework).versions())
    except Unavailable:
        return None
