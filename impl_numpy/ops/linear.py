"""The affine map."""


def linear(x, w, b, *, x_grad=True):
    """z = x wᵀ + b.  x (n, i), w (o, i), b (o,) -> z (n, o).

    vjp(dz) is (dx, dw, db); without `x_grad` dx is None: nobody asks for the derivative by data.
    """
    z = x @ w.T
    z += b

    def vjp(dz):
        return dz @ w if x_grad else None, dz.T @ x, dz.sum(0)

    return z, vjp
