"""Second derivatives in NumPy: by hand, and for the MLP by Pearlmutter's R operator."""

import numpy as np

NAMES = ("hidden.weight", "hidden.bias", "out.weight", "out.bias")


def build(params):
    return params


def square(model, batch):
    a = model["a"]
    return {"first": 2 * a, "second": np.full_like(a, 2)}


def gradients(model, batch):
    a, b, c = model["a"], model["b"], model["c"]
    u = a * b + c
    du = 2 * u
    returned = np.stack([du * b, du * a, du])
    kept = {name: np.zeros_like(a) for name in ("a", "b", "c", "product", "sum")}
    kept["sum"] += du  # from the square back through the sum and the product, each edge added where it leads
    for node, edges in (("sum", {"product": 1, "c": 1}), ("product", {"a": b, "b": a})):
        for name, local in edges.items():
            kept[name] += kept[node] * local
    accumulated = np.stack([kept[name] for name in "abc"])
    equal = np.array_equal(returned, accumulated)
    return {"loss": u * u, "returned": returned, "accumulated": accumulated, "equal": equal}


def hessian(model, batch):
    a, b, c = model["a"], model["b"], model["c"]
    u = a * b + c
    du = np.stack([b, a, np.ones_like(c)])
    second = 2 * du[:, None] * du  # 2 ∇u ∇uᵀ + 2 u ∇²u, where ∇²u is 1 for a and b together
    second[0, 1] += 2 * u
    second[1, 0] += 2 * u
    v = batch["v"]
    r_u = np.dot(du, v)  # along v; the gradient is 2 u ∇u, and ∇u = (b, a, 1) changes too
    product = 2 * r_u * du + 2 * u * np.stack([v[1], v[0], np.zeros_like(c)])
    return {"hessian": second, "product": product}


def hvp(model, batch):
    """The derivative along the directions (r_…) of every line of the forward and of the backward pass.

    Pearlmutter 1994, "Fast exact multiplication by the Hessian".
    """
    x, w, v = batch["x"], model["hidden.weight"], model["out.weight"]
    r_w, r_b, r_v, r_d = (batch[f"direction.{part}"] for part in NAMES)
    a = np.tanh(x @ w.T + model["hidden.bias"])
    slope = 1 - a * a
    r_a = slope * (x @ r_w.T + r_b)
    error = a @ v.T + model["out.bias"] - batch["target"]
    r_error = r_a @ v.T + a @ r_v.T + r_d
    dy, r_dy = error * (2 / error.size), r_error * (2 / error.size)
    da, r_da = dy @ v, r_dy @ v + dy @ r_v
    r_dz = r_da * slope - 2 * da * a * r_a
    products = r_dz.T @ x, r_dz.sum(0), r_dy.T @ a + dy.T @ r_a, r_dy.sum(0)
    return {"loss": np.mean(error * error), **dict(zip(NAMES, products))}
