"""How quiet the machine is, and what that means for times: at the head of whatever measures some."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from rich.console import Console

from parity.frameworks import threads
from parity.timing.machine import LIMIT, Disturbance, reading

SECONDS = 2.0
SIDE = 256  # of the two matrices whose product is the fixed kernel: a millisecond, on all cores like a loop's
STEADY = 0.1  # the spread of the kernel's times on a machine that keeps its speed


@dataclass(frozen=True)
class Quiet:
    """What others took while a fixed kernel ran, and how far its times spread: the middle 90 %, over the median."""

    disturbance: Disturbance
    spread: float

    @property
    def busy(self) -> bool:
        """Whether others disturb a loop with the usual number of threads."""
        return bool(self.disturbance.disturbs(threads.usual()))

    def expect(self) -> str:
        """What times that are measured now are worth, in plain words."""
        share = self.disturbance.share
        if share is not None and self.busy:
            lost = min(1.0, threads.usual() * share)  # the part of the time in which some thread is without its core
            times = max(1 + lost, 1 / (1 - share) if share < 1 else math.inf)
            longer = f"{times:.1f} times as long or more" if math.isfinite(times) else "many times as long"
            return (
                f"BUSY: loops on all cores take {longer}, NumPy's most of all, and those on one thread suffer less; "
                "parity time takes disturbed turns again, and marks what stays disturbed"
            )
        if self.spread > STEADY:
            return f"UNSTEADY: differences below {self.spread:.0%} say little; the clock or unseen neighbours vary"
        if share is None:
            return "compare times only if you know that nothing else ran"
        return f"quiet: differences above {max(self.spread, LIMIT):.0%} can be believed"

    def measured(self) -> str:
        """What was measured, in words."""
        by = f"{self.spread:.0%}" if self.spread < 1 else f"{self.spread:.0f} times their median"
        d, spread = self.disturbance, f"a fixed kernel's times spread by {by}"
        if d.competing_seconds is None:
            return f"what others take of the cores is not measured on this system, {spread}"
        stolen = "not measured" if d.stolen_seconds is None else f"{d.stolen_seconds / d.core_seconds:.0%}"
        cores, others = round(d.core_seconds / d.wall_seconds), max(0.0, d.competing_seconds / d.core_seconds)
        return f"of {cores} cores others take {others:.0%} (stolen: {stolen}), {spread}"


def observe(seconds: float = SECONDS) -> Quiet:
    """Watch the machine for some seconds, with a kernel of always the same work."""
    a = np.ones((SIDE, SIDE), np.float32)
    times: list[float] = []
    before = reading()
    while not times or time.perf_counter() - before.wall_seconds < seconds:
        start = time.perf_counter()
        a @ a
        times.append(time.perf_counter() - start)
    disturbance = reading() - before
    low, middle, high = np.quantile(times, (0.05, 0.5, 0.95))
    return Quiet(disturbance, float((high - low) / middle))


def say(console: Console, expect: Callable[[Quiet], str] = Quiet.expect) -> None:
    """Print how quiet the machine is, and what to expect of it."""
    quiet = observe()
    style = "yellow" if quiet.busy or quiet.spread > STEADY else "dim"
    console.print(f"machine: {quiet.measured()}; {expect(quiet)}", style=style, markup=False, highlight=False)
