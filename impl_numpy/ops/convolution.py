"""Convolution as one matrix product an image, over its gathered windows."""

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
    windows = windows.transpose(0, 1, 4, 5, 2, 3)
    rows, columns = windows.shape[4:]
    flat_w = w.reshape(o, c * k * l)
    z = np.empty_like(x, shape=(n, o, rows * columns))
    # Windows overlap: gathered, they are k l times as large as x.  Those of one image at a time stay in the cache.
    for image, z_image in zip(windows, z, strict=True):
        np.matmul(flat_w, image.reshape(c * k * l, rows * columns), out=z_image)
    if b is not None:
        z += b[:, None]

    def vjp(dz):
        dz = dz.reshape(n, o, rows * columns)
        dw = np.zeros_like(flat_w)
        dpadded = np.zeros_like(padded)
        for image, dz_image, dx_image in zip(windows, dz, dpadded, strict=True):
            if w_grad:
                dw += dz_image @ image.reshape(c * k * l, rows * columns).T
            dwindows = (flat_w.T @ dz_image).reshape(image.shape)
            for i in range(k):
                for j in range(l):
                    dx_image[:, i : i + stride * rows : stride, j : j + stride * columns : stride] += dwindows[:, i, j]
        dx = dpadded[:, :, padding : padding + height, padding : padding + width]
        return (dx, dw.reshape(w.shape), dz.sum(2).sum(0)) if w_grad else (dx, None, None)

    return z.reshape(n, o, rows, columns), vjp
