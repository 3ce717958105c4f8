"""The same tensor in two layouts: where the frameworks, or their users, order axes differently.

    torch                    Keras
    (n, c, h, w)             (n, h, w, c)          channels
    (t, n, c)                (n, t, c)             time first
    (n, c·h·w)               (n, h·w·c)            flattened
    (n, c, 1, 1)             (n, c)                axes of one

Several may fit by shape.  Which one holds is decided by the layer where it knows, else by the data: a right port agrees
under one of them to the last digits.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from parity.judging.noise import rms
from parity.task import Array

Shape = tuple[int, ...]


@dataclass(frozen=True)
class View:
    """How the second model holds what the first holds."""

    name: str
    apply: Callable[[Array], Array]

    def __call__(self, x: Array) -> Array:
        return self.apply(x)

    @property
    def of_features(self) -> bool:
        """Whether it is the order of features that changes, and so of the weights that belong to them."""
        return self.name.startswith("flattened")


SAME = View("as it is", lambda x: x)
LAST = View("channels last", lambda x: np.moveaxis(x, 1, -1))
FIRST = View("channels first", lambda x: np.moveaxis(x, -1, 1))
SWAP = View("batch and time swapped", lambda x: x.swapaxes(0, 1))


def flattened(c: int, *, last: bool) -> View:
    """The features of a flattened image: `c` channels of positions as positions of channels, or back."""

    def apply(x: Array) -> Array:
        apart = x.reshape(len(x), c, -1) if last else x.reshape(len(x), -1, c)
        return apart.swapaxes(1, 2).reshape(x.shape)

    return View(f"flattened with channels {'last' if last else 'first'}", apply)


def views(first: Shape, second: Shape, channels: Iterable[int] = ()) -> list[View]:
    """The layouts that make `second` of `first`, the likeliest first.

    Args:
        channels: the numbers of channels that were flattened into features, perhaps.
    """
    found = [SAME] if first == second else []
    if len(first) == len(second) > 2:
        found += [view for view in (LAST, FIRST, SWAP) if view(np.empty(first, "b")).shape == second]
    if len(first) == len(second) == 2 and first == second:
        for c in dict.fromkeys(channels):
            if 1 < c < first[1] and first[1] % c == 0:
                found += [flattened(c, last=True), flattened(c, last=False)]
    if len(first) != len(second) and math.prod(first) == math.prod(second) and 0 not in first:
        found.append(_reshaped(SAME, second))
        if len(first) > 2:
            found.append(_reshaped(LAST, second))
        if len(second) > 2:  # the channels of the second are elsewhere
            moved = (second[0], second[-1], *second[1:-1])
            found.append(View("reshaped, channels last", lambda x: LAST(x.reshape(moved))))
    return found


def repeated(first: Shape, second: Shape) -> list[View]:
    """A table of positions that one side returns once, and the other once for each of the batch."""
    one, two = (shape[1:] if shape[0] == 1 else shape for shape in (first, second))
    if one == two[1:]:
        return [View("once for each of the batch", lambda x: np.broadcast_to(x, second))]
    if one[1:] == two:
        return [View("once for the batch", lambda x: x[0].reshape(second))]
    return []


def best(candidates: Sequence[View], first: Array, second: Array) -> View:
    """The layout under which the two are nearest; the earlier one in doubt."""
    if len(candidates) == 1:
        return candidates[0]
    with np.errstate(invalid="ignore", over="ignore"):
        errors = [rms(np.nan_to_num(view(first).astype("float64") - second)) for view in candidates]
    return candidates[int(np.argmin(errors))]


def _reshaped(view: View, shape: Shape) -> View:
    return View(f"{view.name}, reshaped", lambda x: view(x).reshape(shape))
