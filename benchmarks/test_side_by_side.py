"""Every loop, side by side: which framework, mode or device is faster on this task today?

The contestants of a loop take turns, so that what slows the machine for a while slows them all.
"""

import numpy as np
import pytest

EVENTS = 20  # calls that a device's own events time


def test_time(benchmark, contest, entry, turn):
    benchmark.group = f"{entry.task.name} {entry.loop}"
    refusal = contest.refusal(entry)
    if refusal is not None:
        pytest.skip(f"no time: {refusal}")
    loop = contest.ready(entry)
    benchmark.extra_info.update(contest.about(entry))
    benchmark(loop.call)
    if loop.device_seconds() is not None:
        benchmark.extra_info["device_seconds"] = float(np.median([loop.device_seconds() for _ in range(EVENTS)]))
