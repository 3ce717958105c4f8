"""Who is timed on what, and in which order: the backends of a loop take turns."""

from collections.abc import Sequence
from dataclasses import dataclass

from parity.task import Task
from parity.timing.loop import Backend

TURNS = 6  # of each backend on a loop: the fewest whose least and greatest are a 95 % interval
DTYPE = "float32"
NOW = "now"  # the file that says whose turn it is


@dataclass(frozen=True)
class Entry:
    """A backend on a loop of a task."""

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
        """The entries, those of one loop together."""
        return [[Entry(task, loop, backend) for backend in self.backends] for task in self.tasks for loop in task.loops]

    def turns(self) -> list[tuple[Entry, int]]:
        """Every entry with each of its turns; another backend of the loop begins each turn."""
        return [
            (group[(turn + place) % len(group)], turn)
            for group in self.groups()
            for turn in range(TURNS)
            for place in range(len(group))
        ]
