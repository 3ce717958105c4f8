"""Initialisation in NumPy."""

import numpy as np

from impl_numpy import ops


def build(params):
    return params


def xavier(model, batch):
    return _initialised(model, batch["x"], _xavier_bound)


def kaiming(model, batch):
    return _initialised(model, batch["x"], _kaiming_bound)


def native(model, batch):
    draws, rng = model["0.draws"], np.random.default_rng()
    found, within = {}, True
    for name, bound in (("xavier", _xavier_bound), ("kaiming", _kaiming_bound)):
        limit = bound(*draws.shape)
        w = rng.uniform(-limit, limit, draws.shape).astype(draws.dtype)
        found[name] = w.std()
        within = within and abs(w).max() <= np.nextafter(draws.dtype.type(limit), draws.dtype.type(np.inf))
    return {**found, "within_bounds": within}


def _initialised(model, a, bound):
    weights, deviations = {}, []
    for layer in range(len(model)):
        draws = model[f"{layer}.draws"]
        w = (2 * draws - 1) * draws.dtype.type(bound(*draws.shape))
        z = a @ w.T
        a, _ = ops.relu(z)
        weights[f"{layer}.weight"] = w
        deviations.append(z.std())
    return {**weights, "deviations": np.stack(deviations)}


def _xavier_bound(fan_out, fan_in):
    return np.sqrt(6 / np.longdouble(fan_in + fan_out))


def _kaiming_bound(fan_out, fan_in):
    return np.sqrt(6 / np.longdouble(fan_in))
