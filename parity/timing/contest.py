"""Which backends are timed on which loops, and in which order: the backends of a loop take turns."""

from collections.abc import Sequence
from dataclasses import dataclass

from parity.task import Task
from parity.timing.loop import Backend

TURNS = 6  # of each backend on a loop: the fewest whose least and greatest value span a 95 % interval
SPARE = TURNS  # turns more at most, where the machine was disturbed
DTYPE = "float32"
NOW = "now"  # the file that names the entry whose turn it is


@dataclass(frozen=True)
class Entry:
    """One backend on one loop of one task."""

    task: Task
    loop: str
    backend: Backend

    def __str__(self) -> str:
        return f"{self.task.name} {self.loop} {self.backend}"


@dataclass(frozen=True)
class Contest:
    """The tasks, backends and size of one comparison."""

    tasks: Sequence[Task]
    backends: Sequence[Backend]
    size: str

    def groups(self) -> list[list[Entry]]:
        """The entries, grouped by loop."""
        return [[Entry(task, loop, backend) for backend in self.backends] for task in self.tasks for loop in task.loops]

    def turns(self) -> list[tuple[Entry, int]]:
        """Every entry with each of its turns, spare ones too; each turn begins with another backend of the loop."""
        return [
            (group[(turn + place) % len(group)], turn)
            for group in self.groups()
            for turn in range(TURNS + SPARE)
            for place in range(len(group))
        ]
