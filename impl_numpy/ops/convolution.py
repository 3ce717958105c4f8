"""Convolution as matrix products over gathered windows, a few images at a time."""

import numpy as np

GATHERED = 2**19  # numbers gathered at once: so many stay in a processor's cache


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
    # Windows overlap, so those of all images are k l times as large as x; those of a group stay in the cache.
    group = min(n, max(1, GATHERED // (c * k * l * rows * columns)))
    groups = [slice(first, first + group) for first in range(0, n, group)]
    buffer = np.empty_like(x, shape=(c, k, l, group, rows, columns))
    flat = w.reshape(o, -1)

    def gather(images):
        """The windows of some images, (c k l, n h' w')."""
        gathered = buffer[:, :, :, : len(x[images])]
        gathered[...] = windows[:, :, :, images]
        return gathered.reshape(len(flat.T), -1)

    z = np.empty_like(x, shape=(n, o, rows, columns))
    for images in groups:
        z[images] = (flat @ gather(images)).reshape(o, -1, rows, columns).transpose(1, 0, 2, 3)
    if b is not None:
        z += b[:, None, None]

    def vjp(dz):
        dw = np.zeros_like(flat)
        dpadded = np.zeros_like(padded)
        for images in groups:
            flat_dz = dz[images].transpose(1, 0, 2, 3).reshape(o, -1)
            if w_grad:
                dw += flat_dz @ gather(images).T
            dwindows = (flat.T @ flat_dz).reshape(c, k, l, -1, rows, columns).transpose(3, 0, 1, 2, 4, 5)
            for i in range(k):
                for j in range(l):
                    reached = dpadded[images, :, i : i + stride * rows : stride, j : j + stride * columns : stride]
                    reached += dwindows[:, :, i, j]
        dx = dpadded[:, :, padding : padding + height, padding : padding + width]
        return (dx, dw.reshape(w.shape), dz.reshape(n, o, -1).sum(2).sum(0)) if w_grad else (dx, None, None)

    return z, vjp
