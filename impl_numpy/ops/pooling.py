"""Max pooling over windows that do not overlap."""

import numpy as np

from impl_numpy.ops.kink import kink


def max_pool(x, size=2):
    """y = the largest of each size x size window; the first of equals gets the gradient.

    x (n, c, h, w) -> y (n, c, ⌊h / size⌋, ⌊w / size⌋); a remainder at the lower and right edge is left out.
    vjp(dy) is dx.
    """
    height, width = x.shape[2:]
    rows, columns = height // size, width // size
    # One view of x for each place in the window, in reading order.
    corners = [x[:, :, i : rows * size : size, j : columns * size : size] for i in range(size) for j in range(size)]
    kink(lambda: _lead(corners), x)
    y = corners[0]
    for corner in corners[1:]:
        y = np.maximum(y, corner)

    def vjp(dy):
        dx = np.zeros_like(x)
        free = np.ones_like(y, dtype=bool)
        for index, corner in enumerate(corners):
            i, j = divmod(index, size)
            wins = free & (corner == y)
            free &= ~wins
            dx[:, :, i : rows * size : size, j : columns * size : size] = dy * wins
        return dx

    return y, vjp


def _lead(corners):
    top, second = corners[0], np.full_like(corners[0], -np.inf)
    for corner in corners[1:]:
        second = np.maximum(second, np.minimum(top, corner))
        top = np.maximum(top, corner)
    return top - second
