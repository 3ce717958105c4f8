"""Convolution as a matrix product over gathered windows."""

import numpy as np


def conv2d(x, w, b, *, stride=1, padding=0, w_grad=True):
    """The cross-correlation that the frameworks call convolution (Dumoulin and Visin 2016).

    z[n, o, i, j] = b[o] + Σ w[o, c, k, l] x̄[n, c, s i + k, s j + l], x̄ being x with `padding` zeros around.
    x (n, c, h, w), w (o, c, k, l), b (o,) -> z (n, o, h', w'), h' = ⌊(h + 2 padding - k) / s⌋ + 1.
    b may be None, where a normalisation follows.  vjp(dz) is (dx, dw, db); without `w_grad` dw and db are None.
    """
    n, c, height, width = x.shape
    o, _, k, l = w.shape
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding))) if padding else x
    windows = np.lib.stride_tricks.sliding_window_view(padded, (k, l), axis=(2, 3))[:, :, ::stride, ::stride]
    rows, columns = windows.shape[2:4]
    gathered = windows.transpose(0, 1, 4, 5, 2, 3).reshape(n, c * k * l, rows * columns)
    z = w.reshape(o, -1) @ gathered
    if b is not None:
        z += b[:, None]

    def vjp(dz):
        dz = dz.reshape(n, o, rows * columns)
        dw = (dz @ gathered.transpose(0, 2, 1)).sum(0).reshape(w.shape) if w_grad else None
        dwindows = (w.reshape(o, -1).T @ dz).reshape(n, c, k, l, rows, columns)
        dpadded = np.zeros_like(padded)
        for i in range(k):
            for j in range(l):
                dpadded[:, :, i : i + stride * rows : stride, j : j + stride * columns : stride] += dwindows[:, :, i, j]
        dx = dpadded[:, :, padding : padding + height, padding : padding + width]
        return dx, dw, dz.sum(2).sum(0) if w_grad else None

    return z.reshape(n, o, rows, columns), vjp
