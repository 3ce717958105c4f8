"""Every loop, side by side: which framework, mode or device is faster on this task today?

The backends of a loop take turns, so that a slow phase of the machine affects them all.  `parity time` runs this
file under pytest-benchmark, with `parity.timing.plugin`.
"""

from typing import Any

import numpy as np
import pytest

from parity.timing.machine import reading
from parity.timing.turns import Taken

EVENTS = 10  # calls in a turn that the device's own events time


def test_time(benchmark: Any, turns: Any, entry: Any, turn: int) -> None:
    benchmark.group = f"{entry.task.name} {entry.loop}"
    reason = turns.skip_reason(entry)
    if reason:
        pytest.skip(f"not timed: {reason}")
    if not turns.wanted(entry, turn):
        pytest.skip("a spare turn, and nobody disturbed the others")
    with turns.turn(entry) as loop:
        before = reading()
        benchmark(loop.call)
        disturbance = reading() - before
        events = [loop.device_seconds() for _ in range(EVENTS)]
        device_seconds = None if None in events else float(np.median(events))
        turns.add(entry, turn, Taken(benchmark.stats.stats.data, device_seconds, disturbance))
