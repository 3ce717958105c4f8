"""Losses; each is the mean over the batch and returns the derivative by its first argument."""

import numpy as np

TILE = 2**18  # elements that are computed at a time: they stay in the cache


def mse(y, target):
    """L = mean (y - target)².  y, target (n, 1) -> L ()."""
    difference = y - target
    return np.mean(difference * difference), lambda dloss: dloss * difference * (2 / y.size)


def cross_entropy(logits, labels):
    """L = mean over rows of log Σ exp(logits) - logits[label].  logits (n, c), labels (n,) integers -> L ()."""
    n, classes = logits.shape
    rows = np.arange(n, like=labels)
    together = max(1, TILE // classes)
    tiles = [slice(first, first + together) for first in range(0, n, together)]
    greatest, total = np.empty_like(logits, shape=(2, n))
    e = np.empty_like(logits[:together])
    for tile in tiles:
        greatest[tile] = logits[tile].max(-1)
        total[tile] = _exp(logits[tile], greatest[tile], out=e[: len(rows[tile])]).sum(-1)
    loss = np.mean(np.log(total) + (greatest - logits[rows, labels]))

    def vjp(dloss):
        # exp is computed again: kept, it would be as large as the logits and be written to memory and read.
        dlogits = np.empty_like(logits)
        scale = dloss / n / total
        for tile in tiles:
            e = _exp(logits[tile], greatest[tile], out=dlogits[tile])
            e *= scale[tile, None]
        dlogits[rows, labels] -= dloss / n
        return dlogits

    return loss, vjp


def bce_with_logits(z, target):
    """L = mean max(z, 0) - z target + log(1 + exp(-|z|)).  z, target (n, 1), target 0.0 or 1.0 -> L ()."""
    e = np.exp(-np.abs(z))
    loss = np.mean(np.maximum(z, 0) - z * target + np.log1p(e))

    def vjp(dloss):
        probability = np.where(z >= 0, 1, e) / (1 + e)
        return (probability - target) * (dloss / z.size)

    return loss, vjp


def _exp(logits, greatest, out):
    """exp(logits - greatest), at most 1.  logits (n, c), greatest (n,) -> (n, c)."""
    return np.exp(np.subtract(logits, greatest[:, None], out=out), out=out)
