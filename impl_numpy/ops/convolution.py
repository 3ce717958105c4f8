"""Convolution as matrix products over gathered windows, one image at a time, or a few where they are small."""

import numpy as np

COLUMNS = 128  # of a product, at least: with fewer, to read the weights takes longer than the arithmetic


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
    windows = windows.transpose(1, 4, 5, 0, 2, 3)
    rows, columns = windows.shape[4:]
    flat_w = w.reshape(o, c * k * l)
    # Windows overlap: gathered, they are k l times as large as x, so those of an image, or of a few, are at a time.
    together = max(1, COLUMNS // (rows * columns))
    groups = [slice(first, first + together) for first in range(0, n, together)]
    z = np.empty_like(x, shape=(o, n, rows * columns))
    for images in groups:
        np.matmul(flat_w, windows[:, :, :, images].reshape(c * k * l, -1), out=z[:, images].reshape(o, -1))
    if b is not None:
        z += b[:, None, None]

    def vjp(dz):
        dz = dz.reshape(n, o, rows * columns).swapaxes(0, 1)
        dw = np.zeros_like(flat_w)
        dpadded = np.zeros_like(padded)
        for images in groups:
            flat_dz = dz[:, images].reshape(o, -1)
            if w_grad:
                dw += flat_dz @ windows[:, :, :, images].reshape(c * k * l, -1).T
            dwindows = (flat_w.T @ flat_dz).reshape(c, k, l, -1, rows, columns)
            dx = dpadded[images].swapaxes(0, 1)
            for i in range(k):
                for j in range(l):
                    dx[:, :, i : i + stride * rows : stride, j : j + stride * columns : stride] += dwindows[:, i, j]
        dx = dpadded[:, :, padding : padding + height, padding : padding + width]
        return (dx, dw.reshape(w.shape), dz.sum(2).sum(1)) if w_grad else (dx, None, None)

    return z.reshape(o, n, rows, columns).swapaxes(0, 1), vjp
