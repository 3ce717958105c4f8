"""Optimizers that update their parameters in place."""

import numpy as np

from impl_numpy.ops.kink import kink


class SGD:
    """Gradient descent with momentum (Sutskever et al. 2013), in PyTorch's form: v ← μ v + g, w ← w - lr v.

    Args:
        params: the named arrays to update.
        lr: the learning rate.
        momentum: μ; at 0 there is no buffer.
    """

    def __init__(self, params, *, lr, momentum=0.0):
        self.params, self.lr, self.momentum = params, lr, momentum
        self.velocity = {name: np.zeros_like(w) for name, w in params.items()} if momentum else {}

    def step(self, grads):
        """One update from the named gradients; a parameter without one stays as it is."""
        for name, g in grads.items():
            if self.momentum:
                v = self.velocity[name]
                v *= self.momentum
                v += g
                g = v
            self.params[name] -= self.lr * g


class Adam:
    """Adam (Kingma and Ba 2015, algorithm 1), with ε outside the corrected root as in PyTorch.

    m ← β₁ m + (1 - β₁) g, v ← β₂ v + (1 - β₂) g², w ← w - lr m̂ / (√v̂ + ε), m̂ = m / (1 - β₁ᵗ), v̂ = v / (1 - β₂ᵗ).
    """

    def __init__(self, params, *, lr, betas=(0.9, 0.999), eps=1e-8):
        self.params, self.lr, self.betas, self.eps, self.t = params, lr, betas, eps, 0
        self.m = {name: np.zeros_like(w) for name, w in params.items()}
        self.v = {name: np.zeros_like(w) for name, w in params.items()}

    def step(self, grads):
        """One update from the named gradients; a parameter without one stays as it is."""
        self.t += 1
        beta1, beta2 = self.betas
        for name, g in grads.items():
            m, v = self.m[name], self.v[name]
            m *= beta1
            m += (1 - beta1) * g
            v *= beta2
            v += (1 - beta2) * (g * g)
            root = np.sqrt(v / (1 - beta2**self.t))
            kink(lambda root=root: root, root)  # the first step is lr · sign(g), whatever is left of a g near zero
            self.params[name] -= self.lr / (1 - beta1**self.t) * m / (root + self.eps)
