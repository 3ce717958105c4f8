"""Dropout in NumPy."""

import numpy as np

FORWARDS = 10
QUARTER = 0.25


class Dropout:
    """y = x mask / (1 - p) in training, the mask drawn anew at each call; y = x in evaluation."""

    def __init__(self, p, rng=None):
        self.p, self.rng, self.training, self.calls = p, rng or np.random.default_rng(), True, 0

    def __call__(self, x):
        self.calls += 1
        return _dropout(x, self.p, self.rng, training=self.training)


def build(params, p):
    return Dropout(p)


def train(model, batch):
    return _masked(batch["x"], batch["mask"], model.p, batch["cotangent"])


def quarter(model, batch):
    return _masked(batch["x"], batch["quarter_mask"], QUARTER, batch["cotangent"])


def evaluate(model, batch):
    model.training = False
    y = np.stack([model(batch["x"]) for _ in range(FORWARDS)])
    return {"y": y, "unchanged": (y == batch["x"]).sum(), "calls": model.calls, **_measured(y)}


def native(model, batch):
    return _measured(np.stack([model(batch["x"]) for _ in range(FORWARDS)]))


def functional(model, batch):
    layer = Dropout(QUARTER, np.random.default_rng(0))
    y = _dropout(batch["x"], QUARTER, np.random.default_rng(0), training=True)
    return {"equals_layer": np.array_equal(y, layer(batch["x"]))}


def bare(model, batch):
    return {"drops": not np.array_equal(model(batch["x"]), batch["x"])}


def _masked(x, mask, p, cotangent):
    scale = mask / (1 - x.dtype.type(p))
    return {"y": x * scale, "grad.x": cotangent * scale}


def _dropout(x, p, rng, *, training):
    return x * (rng.random(x.shape) >= p) / (1 - p) if training else x


def _measured(y):
    """Of each forward the mean and the fraction kept; the variance across the forwards, the mean of all elements."""
    across = y - y[0]  # equal forwards have exactly no variance, which their rounded mean would blur
    return {
        "mean": y.mean((1, 2)),
        "kept": (y != 0).mean((1, 2), dtype=y.dtype),
        "variance": across.var(0, ddof=1).mean(),
    }
