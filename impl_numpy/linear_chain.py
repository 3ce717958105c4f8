"""A chain of linear layers in NumPy."""

from impl_numpy import ops


def build(params):
    return params


def forward(model, batch):
    z, _ = ops.linear(batch["x"], model["first.weight"], model["first.bias"])
    y, _ = ops.linear(z, model["second.weight"], model["second.bias"])
    return {"z": z, "y": y}


def backward(model, batch):
    z, first_vjp = ops.linear(batch["x"], model["first.weight"], model["first.bias"])
    _, second_vjp = ops.linear(z, model["second.weight"], model["second.bias"])
    dz, dw_second, db_second = second_vjp(batch["cotangent"])
    dx, dw_first, db_first = first_vjp(dz)
    return {
        "grad.x": dx,
        "grad.first.weight": dw_first,
        "grad.first.bias": db_first,
        "grad.second.weight": dw_second,
        "grad.second.bias": db_second,
    }
