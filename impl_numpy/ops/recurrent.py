"""The long short-term memory (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000)."""

import numpy as np

from impl_numpy.ops.activation import sigmoid


def lstm(x, w_ih, w_hh, b):
    """One LSTM layer (Gers et al. 2000) over a whole sequence, from a zero state, the gates in the order i, f, g, o.

    i, f, o = σ(·), g = tanh(·) of x w_ihᵀ + h w_hhᵀ + b;  c ← f c + i g;  h ← o tanh c.
    x (n, t, d), w_ih (4h, d), w_hh (4h, h), b (4h,) -> y (n, t, h), h (n, h), c (n, h).
    vjp(dy, dh, dc) is (dx, dw_ih, dw_hh, db).
    """
    n, steps, d = x.shape
    width = w_hh.shape[1]
    # Time first, so that each step is one contiguous block; what does not depend on h is one product for all steps.
    gates = (x.transpose(1, 0, 2).reshape(steps * n, d) @ w_ih.T + b).reshape(steps, n, 4, width)
    hs = np.zeros_like(x, shape=(steps + 1, n, width))
    cs = np.zeros_like(hs)
    tanh_cs = np.zeros_like(hs)
    for s in range(steps):
        gate = gates[s]
        gate += (hs[s] @ w_hh.T).reshape(n, 4, width)
        g = np.tanh(gate[:, 2])
        gate[...] = sigmoid(gate)[0]
        gate[:, 2] = g
        cs[s + 1] = gate[:, 1] * cs[s] + gate[:, 0] * g
        tanh_cs[s + 1] = np.tanh(cs[s + 1])
        hs[s + 1] = gate[:, 3] * tanh_cs[s + 1]

    def vjp(dy, dh, dc):
        dgates = np.zeros_like(gates)
        for s in reversed(range(steps)):
            i, f, g, o = (gates[s, :, k] for k in range(4))
            dh = dh + dy[:, s]
            dc = dc + dh * o * (1 - tanh_cs[s + 1] ** 2)
            dgates[s, :, 0] = dc * g * i * (1 - i)
            dgates[s, :, 1] = dc * cs[s] * f * (1 - f)
            dgates[s, :, 2] = dc * i * (1 - g * g)
            dgates[s, :, 3] = dh * tanh_cs[s + 1] * o * (1 - o)
            dc = dc * f
            dh = dgates[s].reshape(n, -1) @ w_hh
        flat = dgates.reshape(steps * n, 4 * width)
        dx = (flat @ w_ih).reshape(steps, n, d).transpose(1, 0, 2)
        dw_ih = flat.T @ x.transpose(1, 0, 2).reshape(steps * n, d)
        dw_hh = flat.T @ hs[:-1].reshape(steps * n, width)
        return dx, dw_ih, dw_hh, np.ones_like(x, shape=len(flat)) @ flat

    return hs[1:].transpose(1, 0, 2), hs[-1], cs[-1], vjp
