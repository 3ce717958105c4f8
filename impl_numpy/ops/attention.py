"""Scaled dot-product attention (Vaswani et al. 2017, section 3.2.1)."""

import numpy as np

from impl_numpy.ops.activation import softmax


def attention(q, k, v):
    """y = a v, a = softmax(q kᵀ / √d), the scaled dot product (Vaswani et al. 2017, equation 1).

    q, k, v (n, heads, t, d) -> y (n, heads, t, d), a (n, heads, t, t).  vjp(dy, da) is (dq, dk, dv).
    """
    scale = q.shape[-1] ** -0.5
    a, softmax_vjp = softmax(q @ k.swapaxes(-1, -2) * scale)

    def vjp(dy, da):
        dscores = softmax_vjp(dy @ v.swapaxes(-1, -2) + da) * scale
        return dscores @ k, dscores.swapaxes(-1, -2) @ q, a.swapaxes(-1, -2) @ dy

    return np.matmul(a, v), a, vjp
