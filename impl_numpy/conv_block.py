"""Convolution block in NumPy."""

from impl_numpy import ops


def build(params):
    return params


def forward(model, batch):
    return {"y": _forward(model, batch["x"])[0]}


def backward(model, batch):
    _, vjp = _forward(model, batch["x"])
    dx, dw, db = vjp(batch["cotangent"])
    return {"grad.x": dx, "grad.conv.weight": dw, "grad.conv.bias": db}


def strided(model, batch):
    z, conv_vjp = ops.conv2d(batch["x"], model["conv.weight"], model["conv.bias"], padding=1, w_grad=False)
    a, relu_vjp = ops.relu(z)
    y, down_vjp = ops.conv2d(a, model["down.weight"], model["down.bias"], stride=2, padding=1)
    da, dw, db = down_vjp(batch["cotangent.down"])
    dx, *_ = conv_vjp(relu_vjp(da))
    return {"y": y, "grad.x": dx, "grad.down.weight": dw, "grad.down.bias": db}


def layers(model, batch):
    z, _ = ops.conv2d(batch["x"], model["conv.weight"], model["conv.bias"], padding=1)
    a, _ = ops.relu(z)
    y, _ = ops.max_pool(a)
    down, _ = ops.conv2d(a, model["down.weight"], model["down.bias"], stride=2, padding=1)
    return {"conv": z, "relu": a, "pool": y, "down": down}


def _forward(model, x):
    z, conv_vjp = ops.conv2d(x, model["conv.weight"], model["conv.bias"], padding=1)
    a, relu_vjp = ops.relu(z)
    y, pool_vjp = ops.max_pool(a)
    return y, lambda dy: conv_vjp(relu_vjp(pool_vjp(dy)))
