"""The number of threads of the libraries; each reads it when it is imported, and TensorFlow only then."""

import contextlib
import os
from collections.abc import Iterator

from threadpoolctl import threadpool_limits

from parity.task import UsageError

THREADS = "OMP_NUM_THREADS"  # sets the number for all libraries


def variables(number: str) -> dict[str, str]:
    """The environment variables that give every library this number of threads."""
    blas = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
    following = (*blas, "TF_NUM_INTRAOP_THREADS")
    # Only TensorFlow also runs different operations in parallel; one inter-op thread prevents that.
    return {THREADS: number, **dict.fromkeys(following, number), "TF_NUM_INTEROP_THREADS": "1"}


def pin(sharing: int = 1) -> None:
    """Give every library that is imported later the user's number of threads; by default one for each core."""
    share = max(1, _cores() // sharing)
    for name, value in variables(str(_users() or share)).items():
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


def number_of(asked: str) -> int:
    """The number that `asked` stands for, `all` for one on each core; UsageError if this process has not as many."""
    cores = _cores()
    if asked != "all" and not (asked.isascii() and asked.isdigit() and 1 <= int(asked) <= cores):
        raise UsageError(f"--threads {asked}: a number from 1 to {cores}, the cores that are here, or all")
    return cores if asked == "all" else int(asked)


def usual() -> int:
    """The user's number of threads; by default one on each core."""
    return _users() or _cores()


def use(number: int) -> None:
    """Give this number of threads to every library: those that are imported (but not TensorFlow) and those to come."""
    os.environ.update(variables(str(number)))
    threadpool_limits(number)


def _users() -> int:
    """The number that the user's own variable gives, or 0; OpenMP takes lists too, which nobody else does."""
    user = os.environ.get(THREADS, "")
    return int(user) if user.isdigit() else 0


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
