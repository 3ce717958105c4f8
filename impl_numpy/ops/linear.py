"""The affine map."""


def linear(x, w, b):
    """z = x wᵀ + b.  x (n, i), w (o, i), b (o,) -> z (n, o)."""
    z = x @ w.T
    z += b

    def vjp(dz):
        return dz @ w, dz.T @ x, dz.sum(0)

    return z, vjp
