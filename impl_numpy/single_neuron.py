"""A single neuron in NumPy."""

from impl_numpy import ops


def build(params):
    return params["w"], params["b"]


def forward(model, batch):
    return _values(batch["x"], *model)


def negative(model, batch):
    return _values(batch["negative_x"], *model)


def backward(model, batch):
    dx, dw, db = _gradients(batch["x"], *model, "sigmoid", batch["cotangent"])
    return {"grad.x": dx, "grad.w": dw, "grad.b": db}


def backward_relu(model, batch):
    dx, dw, db = _gradients(batch["x"], *model, "relu", batch["cotangent"])
    return {"grad.x": dx, "grad.w": dw, "grad.b": db}


def negative_relu(model, batch):
    _, _, db = _gradients(batch["negative_x"], *model, "relu", batch["cotangent"])
    return {"slope": db}


def unknown(model, batch):
    _, a, _ = _neuron(batch["x"], *model, "swich")
    return {"a": a}


def _neuron(x, w, b, activation):
    """z = w·x + b, a = activation(z).  x, w (d,), b () -> z, a ()."""
    activations = {"sigmoid": ops.sigmoid, "relu": ops.relu}
    if activation not in activations:
        raise ValueError(f"unknown activation {activation!r}; choose sigmoid or relu")
    z = (w * x).sum() + b  # a float32 dot of a million adds one after the other; sum() adds pairwise
    a, activation_vjp = activations[activation](z)

    def vjp(da):
        dz = activation_vjp(da)
        return dz * w, dz * x, dz

    return z, a, vjp


def _values(x, w, b):
    z, sigmoid, _ = _neuron(x, w, b, "sigmoid")
    _, relu, _ = _neuron(x, w, b, "relu")
    return {"z": z, "sigmoid": sigmoid, "relu": relu}


def _gradients(x, w, b, activation, cotangent):
    _, _, vjp = _neuron(x, w, b, activation)
    return vjp(cotangent)
