"""Every loop, side by side: which framework, mode or device is faster on this task today?"""

import pytest

from benchmarks.contest import DTYPE
from parity.timing import card, prepared


def test_time(benchmark, contest, entry):
    benchmark.group = f"{entry.task.name} {entry.loop}"
    where = {
        "task": entry.task.name,
        "topic": entry.task.topic,
        "loop": entry.loop,
        "contestant": str(entry.contestant),
    }
    refusal = contest.refusal(entry)
    if refusal is not None:
        contest.refused.append({**where, "reason": refusal})
        pytest.skip(f"no time without a verdict: {refusal}")
    with prepared(entry.task, entry.loop, entry.contestant, dtype=DTYPE, size=contest.size) as loop:
        benchmark.extra_info.update(
            where,
            build_seconds=loop.build_seconds,
            first_seconds=loop.first_seconds,
            examples=loop.examples,
            card=card(entry.contestant, dtype=DTYPE, size=contest.size),
        )
        benchmark(loop.call)
