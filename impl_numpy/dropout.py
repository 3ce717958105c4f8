"""Dropout in NumPy."""

import numpy as np


def build(params, p):
    return p


def train(model, batch):
    scale = batch["mask"] / (1 - batch["x"].dtype.type(model))
    return {"y": batch["x"] * scale, "grad.x": batch["cotangent"] * scale}


def evaluate(model, batch):
    return {"y": np.stack([_dropout(batch["x"], model, training=False) for _ in range(10)])}


def native(model, batch):
    y = np.stack([_dropout(batch["x"], model, training=True) for _ in range(10)])
    kept = y != 0
    return {
        "keep_rate": kept.mean(dtype=y.dtype),
        "agreement": np.mean(kept[1:] == kept[:-1], dtype=y.dtype),
        "mean": y.mean(),
        "variance": y.var(),
    }


def functional(model, batch):
    y = _dropout(batch["x"], model, training=True, rng=np.random.default_rng(0))
    layer = _Dropout(model, np.random.default_rng(0))
    return {"equals_layer": np.array_equal(y, layer(batch["x"]))}


class _Dropout:
    def __init__(self, p, rng):
        self.p, self.rng = p, rng

    def __call__(self, x):
        return _dropout(x, self.p, training=True, rng=self.rng)


def _dropout(x, p, *, training, rng=None):
    if not training:
        return x
    kept = (rng or np.random.default_rng()).random(x.shape) >= p
    return x * kept / x.dtype.type(1 - p)
