"""Losses; each is the mean over the batch and returns the derivative by its first argument."""

import numpy as np


def mse(y, target):
    """L = mean (y - target)².  y, target (n, 1) -> L ()."""
    difference = y - target
    return np.mean(difference * difference), lambda dloss: dloss * difference * (2 / y.size)


def cross_entropy(logits, labels):
    """L = mean over rows of log Σ exp(logits) - logits[label].  logits (n, c), labels (n,) integers -> L ()."""
    n = len(logits)
    rows = np.arange(n, like=labels)
    shifted = logits - logits.max(-1, keepdims=True)
    label = shifted[rows, labels]
    e = np.exp(shifted, out=shifted)
    total = e.sum(-1)
    loss = np.mean(np.log(total) - label)

    def vjp(dloss):
        dlogits = e * (dloss / n / total)[:, None]
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
