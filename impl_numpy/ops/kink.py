"""How near a computation comes to a point where a derivative, or an integer, jumps.

At a ReLU's zero, a max-pool tie, an argmax tie or a clip bound rounding picks the side, so two correct
implementations may disagree.  Operations with a kink report their distance to it, and whoever draws the
inputs listens and keeps away.
"""

import contextlib
import contextvars

import numpy as np

_heard = contextvars.ContextVar("heard", default=None)


@contextlib.contextmanager
def listening():
    """Collect, in a list, the smallest distance to a kink that each operation reports inside the block."""
    token = _heard.set([])
    try:
        yield _heard.get()
    finally:
        _heard.reset(token)


def kink(distance, x):
    """Report how far `x` is from a kink, relative to its root mean square.

    `distance` is an array or a function that makes it, called only if somebody listens.  A distance of exactly
    zero is structural, a tie among a ReLU's zeros or a product with a zero input: rounding does not move it,
    and every framework takes the same side.
    """
    heard = _heard.get()
    if heard is not None:
        distance = distance()
        distance = distance[distance > 0]
        if distance.size:
            finite = x[np.isfinite(x)]
            heard.append(float(distance.min() / np.sqrt(np.mean(finite * finite))))


def argmax(x):
    """The first largest element's index along the last axis.  x (..., c) -> (...)."""

    def lead():
        top = np.sort(x)
        return top[..., -1] - top[..., -2]

    kink(lead, x)
    return np.argmax(x, axis=-1)


def positive(x):
    """Whether x > 0.  x (...) -> booleans (...)."""
    kink(lambda: np.abs(x), x)
    return x > 0
