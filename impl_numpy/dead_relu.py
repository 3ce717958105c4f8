"""Dead ReLUs in NumPy."""

import numpy as np

from impl_numpy import ops


def build(params):
    return params


def dead(model, batch):
    a, dx, dw, db = _gradients(model, batch["dead_x"], batch["cotangent"])
    return {"a": a, "grad.dead_x": dx, "grad.fc.weight": dw, "grad.fc.bias": db}


def mixed(model, batch):
    a, dx, dw, db = _gradients(model, batch["x"], batch["cotangent"])
    return {"a": a, "grad.x": dx, "grad.fc.weight": dw, "grad.fc.bias": db}


def counts(model, batch):
    dead_a, dead_dx, _, _ = _gradients(model, batch["dead_x"], batch["cotangent"])
    mixed_a, mixed_dx, _, _ = _gradients(model, batch["x"], batch["cotangent"])
    return {
        "active": [np.count_nonzero(a > 0) for a in (dead_a, mixed_a)],
        "activations": [a.size for a in (dead_a, mixed_a)],
        "nonzero": [np.count_nonzero(dx) for dx in (dead_dx, mixed_dx)],
        "elements": [dx.size for dx in (dead_dx, mixed_dx)],
    }


def _gradients(model, x, cotangent):
    z, linear_vjp = ops.linear(x, model["fc.weight"], model["fc.bias"])
    a, relu_vjp = ops.relu(z)
    return a, *linear_vjp(relu_vjp(cotangent))
