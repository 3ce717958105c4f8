"""Elementwise activations, and softmax along the last axis."""

import numpy as np

from impl_numpy.ops.kink import kink


def relu(z):
    """a = max(z, 0), with derivative 0 at 0.  z (...) -> a (...)."""
    kink(lambda: np.abs(z), z)
    a = np.maximum(z, 0)
    return a, lambda da: da * (z > 0)


def sigmoid(z):
    """a = 1 / (1 + exp(-z)), from exp(-|z|), which cannot overflow.  z (...) -> a (...)."""
    e = np.exp(-np.abs(z))
    a = np.where(z >= 0, 1, e) / (1 + e)
    return a, lambda da: da * a * (1 - a)


def tanh(z):
    """a = tanh(z).  z (...) -> a (...)."""
    a = np.tanh(z)
    return a, lambda da: da * (1 - a * a)


def softmax(z):
    """a = exp(z - max z) / Σ exp(z - max z) along the last axis.  z (..., c) -> a (..., c)."""
    a = np.exp(z - z.max(-1, keepdims=True))
    a /= a.sum(-1, keepdims=True)
    return a, lambda da: a * (da - (da * a).sum(-1, keepdims=True))
