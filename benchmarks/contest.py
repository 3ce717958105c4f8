"""Who is timed on what: the contestants of each loop, and the verdict without which there is no time."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from parity import judge
from parity.framework import Unavailable, available
from parity.judge import GOOD
from parity.task import DEVICES, FRAMEWORKS, MODES, SIZES, Task, UsageError, choose, load, names
from parity.timing import USUAL, Contestant

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
    """The tasks, contestants and size of one comparison, and the verdicts that are known."""

    tasks: list[Task]
    contestants: list[Contestant]
    size: str
    verdicts: dict[tuple[str, ...], list[str]] = field(default_factory=dict)
    refused: list[dict[str, str]] = field(default_factory=list)

    @classmethod
    def of(cls, option: Any) -> "Contest":
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
                for device in devices or ["cpu"]
                for mode in modes or [USUAL[framework]]
            ],
            size=choose("size", option("size"), SIZES),
        )
        if option("verdicts"):
            contest._read(Path(option("verdicts")))
        return contest

    def entries(self) -> list[Entry]:
        return [
            Entry(task, loop, contestant)
            for task in self.tasks
            if self.size in task.sizes
            for loop in task.loops
            for contestant in self.contestants
        ]

    def refusal(self, entry: Entry) -> str | None:
        """Why this entry gets no time, or None: it runs here, and it computes what the specification says."""
        contestant = entry.contestant
        try:
            available(contestant.framework, contestant.device, contestant.mode)
        except Unavailable as error:
            return str(error)
        key = (entry.task.name, contestant.framework, contestant.device, DTYPE, contestant.mode, self.size)
        if (*key, entry.loop) not in self.verdicts:
            self._add(
                judge(
                    entry.task, contestant.framework, device=contestant.device, dtype=DTYPE, mode=contestant.mode,
                    size=self.size,
                )
            )  # fmt: skip
        verdicts = self.verdicts[(*key, entry.loop)]
        bad = sorted(set(verdicts) - set(GOOD))
        return f"its outputs: {', '.join(bad)}" if bad else None

    def _read(self, path: Path) -> None:
        try:
            found = json.loads(path.read_text())["rows"]
        except (OSError, ValueError, KeyError) as error:
            raise UsageError(f"{path} is no file of verdicts; write one with parity run --json {path}") from error
        self._add(SimpleNamespace(**row) for row in found)

    def _add(self, rows: Any) -> None:
        for row in rows:
            loop = row.output.partition("/")[0]
            key = (row.task, row.framework, row.device, row.dtype, row.mode, row.size, loop)
            self.verdicts.setdefault(key, []).append(row.verdict)
