"""Batch normalisation (Ioffe and Szegedy 2015, algorithm 1)."""

import numpy as np


def batch_norm(x, weight, bias, *, eps):
    """y = weight (x - mean) / sqrt(var + eps) + bias, mean and biased variance over all axes but the second.

    Ioffe and Szegedy 2015, algorithm 1.
    x (n, c) or (n, c, h, w), weight and bias (c,) -> y like x, mean (c,), var (c,).  vjp(dy) is (dx, dweight, dbias).
    Raises ValueError where a channel has a single value: its variance says nothing.
    """
    count = x.size // x.shape[1]
    if count == 1:
        raise ValueError(f"Expected more than 1 value per channel when training, got input size {x.shape}")
    mean = _channel_sum(x) / count
    centred = x - _spread(mean, x)
    var = _channel_sum(centred * centred) / count
    scale = 1 / np.sqrt(var + eps)
    normalised = centred
    normalised *= _spread(scale, x)

    def vjp(dy):
        dweight, dbias = _channel_sum(dy * normalised), _channel_sum(dy)
        dx = normalised * _spread(-dweight / count, x)
        dx += dy
        dx -= _spread(dbias / count, x)
        dx *= _spread(weight * scale, x)
        return dx, dweight, dbias

    y = normalised * _spread(weight, x)
    y += _spread(bias, x)
    return y, mean, var, vjp


def _channel_sum(x):
    """Σ over all axes but the second.  (n, c, ...) -> (c,).  Not one after the other: it loses digits (SUM-ORDER)."""
    if x.ndim == 2:
        return np.ones_like(x, shape=len(x)) @ x
    return x.reshape(*x.shape[:2], -1).sum(2).sum(0)


def _spread(channels, x):
    """(c,) in the shape that broadcasts against x (n, c, ...)."""
    return channels.reshape(-1, *[1] * (x.ndim - 2))
