"""Whether a comparison fits into the memory of this machine, before it begins."""

import contextlib
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from parity.models.store import MEMORY
from parity.task import UsageError

# Of each weight: both models in float64, the first's own values and its jittered ones, and both in float32.
BYTES = 4 * 8 + 2 * 4
CGROUP = Path("/sys/fs/cgroup")


def refuse_what_does_not_fit(variables: Iterable[Any]) -> None:
    """UsageError with the estimate, where the copies of a model with these weights do not fit."""
    weights = sum(math.prod(v.shape) for v in variables)
    needed, free = weights * BYTES + MEMORY, available()
    if free is not None and needed > free:
        raise UsageError(
            f"comparing {weights / 1e6:,.0f} million weights needs about {needed / 1e9:.1f} GB, "
            f"and {free / 1e9:.1f} GB are free here"
        )


def available() -> int | None:
    """The bytes that this process may still take; None where the system does not say."""
    found = []
    with contextlib.suppress(OSError, ValueError, StopIteration):
        line = next(text for text in Path("/proc/meminfo").read_text().splitlines() if text.startswith("MemAvailable"))
        found.append(int(line.split()[1]) * 1024)
    with contextlib.suppress(OSError, ValueError):
        limit, used = ((CGROUP / name).read_text().strip() for name in ("memory.max", "memory.current"))
        found.append(int(limit) - int(used))
    return min(found, default=None)
