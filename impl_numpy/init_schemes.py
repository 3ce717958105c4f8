"""Initialisation in NumPy."""

import numpy as np

from impl_numpy import ops


def build(params):
    return params


def xavier(model, batch):
    return _forward(model, _xavier_bound, batch["x"])


def kaiming(model, batch):
    return _forward(model, _kaiming_bound, batch["x"])


def native(model, batch):
    rng = np.random.default_rng()

    def drawn(bound):
        limits = [(draws.shape, bound(*draws.shape), draws.dtype) for draws in model.values()]
        return [rng.uniform(-limit, limit, shape).astype(dtype) for shape, limit, dtype in limits]

    # NumPy has no layers with a default; it mirrors nn.Linear's (INIT-DENSE-W).
    xavier, kaiming, default = drawn(_xavier_bound), drawn(_kaiming_bound), drawn(_linear_bound)
    normal = [_xavier_bound(*draws.shape) / np.sqrt(3) * rng.standard_normal(draws.shape) for draws in model.values()]
    return {
        "xavier": np.stack([w.std() for w in xavier]),
        "kaiming": np.stack([w.std() for w in kaiming]),
        "normal": np.array([w.std() for w in normal], batch["x"].dtype),
        "default": np.stack([w.std() for w in default]),
        "xavier_fits": _fits(xavier, _xavier_bound),
        "kaiming_fits": _fits(kaiming, _kaiming_bound),
        "normal_fits": _fits(normal, _xavier_bound),
        "default_is_xavier": _fits(default, _xavier_bound),
        "default_is_kaiming": _fits(default, _kaiming_bound),
    }


def _forward(model, bound, a):
    weights, deviations = {}, []
    for name, draws in model.items():
        w = (2 * draws - 1) * draws.dtype.type(bound(*draws.shape))
        z = a @ w.T
        a, _ = ops.relu(z)
        weights[name.replace("draws", "weight")] = w
        deviations.append(z.std())
    return {**weights, "deviations": np.stack(deviations)}


def _fits(weights, bound):
    # Of n uniform draws the largest lies more than 20 / n below the bound once in e²⁰; a normal's goes beyond.
    return [abs(1 - abs(w).max() / bound(*w.shape)) < 20 / w.size for w in weights]


def _xavier_bound(fan_out, fan_in):
    return np.sqrt(6 / (fan_in + fan_out))


def _kaiming_bound(fan_out, fan_in):
    return np.sqrt(6 / fan_in)


def _linear_bound(fan_out, fan_in):
    return np.sqrt(1 / fan_in)
