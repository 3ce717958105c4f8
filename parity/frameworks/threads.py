"""The number of threads of the libraries; each library reads it once, when it is imported."""

import contextlib
import os
from collections.abc import Iterator

THREADS = "OMP_NUM_THREADS"  # sets the number for all libraries


def variables(number: str) -> dict[str, str]:
    """The environment variables that give every library this number of threads."""
    following = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")
    # Only TensorFlow also runs different operations in parallel; one inter-op thread prevents that.
    return {THREADS: number, **dict.fromkeys(following, number), "TF_NUM_INTEROP_THREADS": "1"}


def pin(sharing: int = 1) -> None:
    """Give every library that is imported later the user's number of threads; by default one for each core."""
    share = max(1, _cores() // sharing)
    for name, value in variables(os.environ.get(THREADS, str(share))).items():
        os.environ.setdefault(name, value)


@contextlib.contextmanager
def pinned(sharing: int = 1) -> Iterator[None]:
    """`pin` for the processes that are started in the block."""
    before = dict(os.environ)
    pin(sharing)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
