"""What others took of this process's cores while something was timed.

A busy neighbour lengthens all turns alike, so neither a median nor an interval shows it: only the machine does.
"""

import functools
import operator
import os
import sys
import time
from collections.abc import Callable
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import psutil

TICK = 1 / 64 if sys.platform == "win32" else 0.01  # seconds: the unit in which systems count the CPU time of a core
# While others take the share s of the cores, each thread may be without its core for that part of the time, and one or
# another of n threads for n s of it; then the rest wait.  Turns on a quiet machine differ by as much as this.
LIMIT = 0.1
BUSY = ("user", "nice", "system", "irq", "softirq")  # the times of a core that somebody's code ran on
TASKS = Path("/proc/self/task")


@dataclass(frozen=True)
class Disturbance:
    """The machine during some interval; the sum of two is that of both intervals.  None stands for "not measured"."""

    wall_seconds: float
    core_seconds: float  # what the cores that this process may use had to give: their number times the wall time
    cpu_seconds: float  # of this process, all of its threads together
    competing_seconds: float | None  # CPU time of all other processes on these cores
    stolen_seconds: float | None  # by the hypervisor, for other virtual machines
    waited_seconds: float | None  # of this process's threads, ready to run without a core; also behind one another
    involuntary_switches: int | None  # of this process's threads, off a core before they were done

    def __add__(self, other: "Disturbance") -> "Disturbance":
        return self._with(other, operator.add)

    def __sub__(self, earlier: "Disturbance") -> "Disturbance":
        return self._with(earlier, operator.sub)

    @property
    def cores(self) -> float:
        """The number of cores that this process may use."""
        return self.core_seconds / self.wall_seconds

    @property
    def counted(self) -> float | None:
        """The part of the cores that others took as the system counts it, in ticks; it may be wrong by one of each."""
        if self.competing_seconds is None:
            return None
        return (self.competing_seconds + (self.stolen_seconds or 0.0)) / self.core_seconds

    @property
    def share(self) -> float | None:
        """The part of the cores that others took, competing and stolen; None if that is not measured.

        One tick of each core may be somebody else's by mere rounding, and is not counted.
        """
        if self.counted is None:
            return None
        return min(1.0, max(0.0, self.counted - TICK / self.wall_seconds))

    def disturbs(self, threads: int) -> bool | None:
        """Whether the times of a loop with so many threads are not to be believed; None where nothing is measured."""
        return None if self.share is None else min(threads, self.cores) * self.share > LIMIT

    def _with(self, other: "Disturbance", how: Callable[[Any, Any], Any]) -> "Disturbance":
        values: list[Any] = [None if None in pair else how(*pair) for pair in zip(astuple(self), astuple(other))]
        return Disturbance(*values)


def reading() -> Disturbance:
    """The counters of the machine and of this process; the difference of two readings is what happened in between."""
    wall, cpu, cores = time.perf_counter(), time.process_time(), _cores()
    busy = sum(getattr(core, name, 0.0) for core in cores for name in BUSY)
    steals = [core.steal for core in cores if hasattr(core, "steal")]
    return Disturbance(
        wall_seconds=wall, core_seconds=wall * (len(cores) or os.cpu_count() or 1), cpu_seconds=cpu,
        competing_seconds=busy - cpu if busy else None,  # a sandbox may show cores that never did anything
        stolen_seconds=sum(steals) if busy and steals else None,
        waited_seconds=_waited(), involuntary_switches=_switches(),
    )  # fmt: skip


def _cores() -> list[Any]:
    """The times of the cores that this process may use; empty where the system does not tell."""
    try:
        cores = psutil.cpu_times(percpu=True)
    except (OSError, RuntimeError, psutil.Error):
        return []
    mine = allowed_cores() or range(len(cores))
    return [cores[i] for i in mine] if max(mine, default=0) < len(cores) else cores  # a container may count from 0


@functools.cache  # a library may bind this thread to a core while it works; the others stay its process's
def allowed_cores() -> frozenset[int]:
    """The cores that this process may use; empty where the system does not say."""
    return frozenset(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else frozenset()


def _waited() -> float | None:
    """The second number of each thread's schedstat: nanoseconds in the queue of a core."""
    try:
        return sum(int((task / "schedstat").read_text().split()[1]) for task in TASKS.iterdir()) / 1e9
    except (OSError, ValueError, IndexError):
        return None


def _switches() -> int | None:
    try:
        import resource  # Windows has none
    except ImportError:
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw
