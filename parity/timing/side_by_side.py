"""Every loop, side by side: which framework, mode or device is faster on this task today?

The contestants of a loop take turns, so that what slows the machine for a while slows them all.
"""

import numpy as np
import pytest

EVENTS = 10  # calls of a turn that a device's own events time


def test_time(benchmark, contest, entry, turn):
    benchmark.group = f"{entry.task.name} {entry.loop}"
    refusal = contest.refusal(entry)
    if refusal:
        pytest.skip(f"no time: {refusal}")
    with contest.turn(entry) as ready:
        benchmark(ready.call)
        events = [ready.device_seconds() for _ in range(EVENTS)]
        benchmark.extra_info.update(contest.about(entry))
        contest.add(entry, benchmark.stats.stats.data, None if None in events else float(np.median(events)))
