"""The long short-term memory (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000)."""

import numpy as np


def lstm(x, w_ih, w_hh, b):
    """One LSTM layer (Gers et al. 2000) over a whole sequence, from a zero state, the gates in the order i, f, g, o.

    i, f, o = σ(·), g = tanh(·) of x w_ihᵀ + h w_hhᵀ + b;  c ← f c + i g;  h ← o tanh c.
    x (n, t, d), w_ih (4h, d), w_hh (4h, h), b (4h,) -> y (n, t, h), h (n, h), c (n, h).
    vjp(dy, dh, dc) is (dx, dw_ih, dw_hh, db).
    """
    n, steps, d = x.shape
    width = w_hh.shape[1]
    # The batch is the last axis: each gate is then one block of memory, and the product by w_hh is faster.
    gates = w_ih @ x.transpose(1, 2, 0)
    gates += b[:, None]
    gates = gates.reshape(steps, 4, width, n)
    hs = np.zeros_like(x, shape=(steps + 1, width, n))
    cs, tanh_cs = np.zeros_like(hs), np.zeros_like(hs)
    # σ(z) = (1 + tanh(z / 2)) / 2, so all four gates are one tanh.
    scale = np.full_like(x, 0.5, shape=(4, 1, 1))
    scale[2] = 1
    for s in range(steps):
        gate = gates[s]
        gate += (w_hh @ hs[s]).reshape(gate.shape)
        gate *= scale
        np.tanh(gate, out=gate)
        gate *= scale
        gate += 1 - scale
        i, f, g, o = gate
        cs[s + 1] = f * cs[s] + i * g
        tanh_cs[s + 1] = np.tanh(cs[s + 1])
        hs[s + 1] = o * tanh_cs[s + 1]

    def vjp(dy, dh, dc):
        dgates = np.zeros_like(gates)
        dh, dc = dh.T, dc.T
        for s in reversed(range(steps)):
            i, f, g, o = gates[s]
            dh = dh + dy[:, s].T
            dc = dc + dh * o * (1 - tanh_cs[s + 1] ** 2)
            dgates[s, 0] = dc * g * i * (1 - i)
            dgates[s, 1] = dc * cs[s] * f * (1 - f)
            dgates[s, 2] = dc * i * (1 - g * g)
            dgates[s, 3] = dh * tanh_cs[s + 1] * o * (1 - o)
            dc = dc * f
            dh = w_hh.T @ dgates[s].reshape(4 * width, n)
        flat = dgates.reshape(steps, 4 * width, n).transpose(1, 0, 2).reshape(4 * width, steps * n)
        dx = (flat.T @ w_ih).reshape(steps, n, d).transpose(1, 0, 2)
        dw_ih = flat @ x.transpose(1, 0, 2).reshape(steps * n, d)
        dw_hh = flat @ hs[:-1].transpose(0, 2, 1).reshape(steps * n, width)
        return dx, dw_ih, dw_hh, flat.sum(1)

    return hs[1:].transpose(2, 0, 1), hs[-1].T, cs[-1].T, vjp
