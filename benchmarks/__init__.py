"""Time, memory and numerical drift of every loop.

Imported before any framework: how many threads there are is read once.  OMP_NUM_THREADS says it for all libraries; by
default there is one for each core that this process may use.
"""

import os

THREADS = "OMP_NUM_THREADS"


def threads(number: str) -> dict[str, str]:
    """The environment variables that give every library so many threads."""
    following = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")
    # TensorFlow would run operations beside one another too; the others do not.
    return {THREADS: number, **dict.fromkeys(following, number), "TF_NUM_INTEROP_THREADS": "1"}


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


for _name, _value in threads(os.environ.get(THREADS, str(_cores()))).items():
    os.environ.setdefault(_name, _value)
