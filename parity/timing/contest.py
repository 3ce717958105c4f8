"""Who is timed on what: the contestants of each loop, and the verdict without which there is no time."""

import contextlib
import dataclasses
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from parity import judge
from parity.frameworks.environment import sources
from parity.frameworks.runtime import Unavailable, available, devices_of, runtime
from parity.judging.verdict import GOOD
from parity.judging.run import Failure
from parity.task import DEVICES, FRAMEWORKS, MODES, SIZES, Task, UsageError, choose
from parity.tasks import load, names
from parity.timing.measure import TURNS
from parity.timing.loop import USUAL, Contestant, Ready, card, prepared

DTYPE = "float32"


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
    _rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    _open: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    _ready: dict[str, Ready] = field(default_factory=dict)
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
                for mode in dict.fromkeys([USUAL[framework], *modes])
            ],
            size=choose("size", option("size"), SIZES),
        )
        if option("verdicts"):
            contest._read(Path(option("verdicts")))
        lost = {(task, contestant): reason for task, contestant, reason in json.loads(option("lost"))}
        for entry in (entry for group in contest.groups() for entry in group):
            reason = lost.get((entry.task.name, str(entry.contestant)))
            if reason is not None:
                contest._refuse(entry, reason, failed=True)
        return contest

    def groups(self) -> list[list[Entry]]:
        """The entries, those of one loop together."""
        return [
            [Entry(task, loop, contestant) for contestant in self.contestants]
            for task in self.tasks
            for loop in task.loops
        ]

    def turns(self) -> list[tuple[Entry, int]]:
        """Every entry with each of its turns; of a loop's contestants another one begins each turn."""
        return [
            (group[(turn + place) % len(group)], turn)
            for group in self.groups()
            for turn in range(TURNS)
            for place in range(len(group))
        ]

    def refusal(self, entry: Entry) -> str:
        """Why this entry gets no time, or "": it runs here, and it computes what the specification says.

        What judging it raises is raised, and is the reason from then on.
        """
        if str(entry) not in self._rows:
            with self._failing(entry):
                reason = self._judged(entry)
            if not reason:
                return ""
            self._refuse(entry, reason, failed=False)
        return str(self._rows[str(entry)]["refused"])

    @contextlib.contextmanager
    def turn(self, entry: Entry) -> Iterator[Ready]:
        """The entry's loop for one turn; it stays warm until another loop's turn comes.

        The contestants of a loop are open at once, each within its policy, and the last one's holds: so this one's is
        entered again.  What is raised in the block, or before it, is the reason why the entry has no time.
        """
        who = entry.contestant
        with self._failing(entry):
            ready = self._warm(entry)
            with available(who.framework, who.device, who.mode).policy(who.device, DTYPE):
                yield ready

    def add(self, entry: Entry, seconds: Sequence[float], device_seconds: float | None) -> None:
        """A turn is over: the time of each of its rounds, and of a call by the device's own events."""
        about = {**self.about(entry), "seconds": [], "device_seconds": [], "refused": "", "failed": False}
        row = self._rows.setdefault(str(entry), about)
        row["seconds"].append(list(seconds))
        row["device_seconds"].append(device_seconds)

    def rows(self, task: Task) -> list[dict[str, Any]]:
        """The entries of a task whose turns are over: each with its times by turn, or with why it has none."""
        entries = (entry for group in self.groups() for entry in group if entry.task.name == task.name)
        return [self._rows[str(entry)] for entry in entries]

    def about(self, entry: Entry) -> dict[str, Any]:
        """What stands beside the time of an entry that is ready."""
        ready = self._ready[str(entry)]
        return {
            **self._where(entry), "units": self.units[self._key(entry)],
            **card(entry.contestant, dtype=DTYPE, size=self.size), "examples": ready.examples,
            "build_seconds": ready.build_seconds, "first_seconds": ready.first_seconds,
        }  # fmt: skip

    def close(self) -> None:
        """Let go of the loops that are warm."""
        self._ready.clear()
        self._open.close()

    @contextlib.contextmanager
    def _failing(self, entry: Entry) -> Iterator[None]:
        """Whatever is raised in the block, an exit too, is why the entry has no time."""
        try:
            yield
        except BaseException as error:
            self._refuse(entry, str(Failure.of(error)), failed=True)
            raise

    def _refuse(self, entry: Entry, reason: str, *, failed: bool) -> None:
        self._rows[str(entry)] = {**self._where(entry), "refused": reason, "failed": failed}

    def _warm(self, entry: Entry) -> Ready:
        if self._group != (entry.task.name, entry.loop):
            self.close()
            self._group = entry.task.name, entry.loop
        if str(entry) not in self._ready:
            loop = prepared(entry.task, entry.loop, entry.contestant, dtype=DTYPE, size=self.size)
            self._ready[str(entry)] = self._open.enter_context(loop)
        return self._ready[str(entry)]

    def _judged(self, entry: Entry) -> str:
        contestant = entry.contestant
        if self.size not in entry.task.sizes:
            return f"the task has no size {self.size!r}"
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
        return f"its outputs: {', '.join(bad)}" if bad else ""

    def _key(self, entry: Entry) -> tuple[str, ...]:
        who = entry.contestant
        return entry.task.name, who.framework, who.device, DTYPE, who.mode, self.size, entry.loop

    def _where(self, entry: Entry) -> dict[str, str]:
        where = {"task": entry.task.name, "topic": entry.task.topic, "loop": entry.loop}
        where |= {"contestant": str(entry.contestant), **dataclasses.asdict(entry.contestant)}
        return {**where, "dtype": DTYPE, "size": self.size}

    def _read(self, path: Path) -> None:
        """Take the verdicts of a file that these sources and versions wrote; the rest is judged anew."""
        try:
            found = json.loads(path.read_text())
            versions = {name: here["versions"] for name, here in found["environment"]["frameworks"].items()}
            rows = found["rows"]
        except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
            raise UsageError(f"{path} is no file of verdicts; write one with parity run --json {path}") from error
        if found["environment"].get("sources") != sources():
            return
        frameworks = {contestant.framework for contestant in self.contestants}
        same = {name for name in frameworks if _versions(name) == versions.get(name)}
        self._add(SimpleNamespace(**row) for row in rows if row["framework"] in same)

    def _add(self, rows: Any) -> None:
        for row in rows:
            loop = row.output.partition("/")[0]
            key = (row.task, row.framework, row.device, row.dtype, row.mode, row.size, loop)
            self.verdicts.setdefault(key, []).append(row.verdict)
            self.units[key] = max(self.units.get(key, 0.0), float(row.units or 0.0))  # the JSON has "inf"


def _versions(framework: str) -> dict[str, str] | None:
    try:
        return dict(runtime(framework).versions())
    except Unavailable:
        return None
