"""NumPy's operations where no exercise's sizes could tell."""

import numpy as np

from impl_numpy import ops
from parity.judging.noise import LIMIT, measured_truth, noise_units


def test_the_mean_of_a_long_column_keeps_its_digits():
    """Added one after the other, 65,536 values lose some hundred noise units (SUM-ORDER)."""
    x = {"x": 1 + np.random.default_rng(0).random((2**16, 2))}

    def mean(params, batch):
        one = np.ones_like(batch["x"], shape=2)
        return {"mean": ops.batch_norm(batch["x"], one, one, eps=0)[1]}

    truth = measured_truth(mean, {}, x, "float32")["mean"]
    found = mean({}, {"x": x["x"].astype("float32")})["mean"]
    assert noise_units(found, truth.value, noise=truth.noise, peak=truth.peak) <= LIMIT


def test_a_pool_leaves_a_remainder_out():
    x = np.arange(2 * 5.0).reshape(1, 1, 2, 5)
    y, vjp = ops.max_pool(x)
    assert y.tolist() == [[[[6, 8]]]]
    assert vjp(np.array([[[[1.0, 2.0]]]])).tolist() == [[[[0, 0, 0, 0, 0], [0, 1, 0, 2, 0]]]]
