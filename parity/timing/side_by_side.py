"""Every loop, side by side: which framework, mode or device is faster on this task today?

The backends of a loop take turns, so that a slow phase of the machine affects them all.  `parity time` runs this
file under pytest-benchmark, with `parity.timing.plugin`.
"""

from typing import Any

import numpy as np
import pytest

EVENTS = 10  # calls in a turn that the device's own events time


def test_time(benchmark: Any, turns: Any, entry: Any, turn: int) -> None:
    benchmark.group = f"{entry.task.name} {entry.loop}"
    reason = turns.skip_reason(entry)
    if reason:
        pytest.skip(f"not timed: {reason}")
    with turns.turn(entry) as loop:
        benchmark(loop.call)
        events = [loop.device_seconds() for _ in range(EVENTS)]
        benchmark.extra_info.update(turns.about(entry))
        turns.add(entry, benchmark.stats.stats.data, None if None in events else float(np.median(events)))
