"""The network with one hidden layer, on which several exercises train."""

from impl_numpy.ops.activation import tanh
from impl_numpy.ops.linear import linear


def tanh_network(params, x):
    """y = tanh(x Wᵀ + b) Vᵀ + c, with W, b the `hidden.weight` (h, i) and `hidden.bias` (h,), V, c those of `out`.

    x (n, i) -> y (n, o).  vjp(dy) is the gradients of the params by name; x is data and has none.
    """
    z, hidden_vjp = linear(x, params["hidden.weight"], params["hidden.bias"], x_grad=False)
    a, tanh_vjp = tanh(z)
    y, out_vjp = linear(a, params["out.weight"], params["out.bias"])

    def vjp(dy):
        da, dw_out, db_out = out_vjp(dy)
        _, dw_hidden, db_hidden = hidden_vjp(tanh_vjp(da))
        return {"hidden.weight": dw_hidden, "hidden.bias": db_hidden, "out.weight": dw_out, "out.bias": db_out}

    return y, vjp
