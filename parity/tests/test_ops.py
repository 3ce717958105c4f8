"""NumPy's operations where no exercise's sizes could tell."""

import numpy as np
import pytest

from impl_numpy import ops
from impl_numpy.ops import loss


def test_a_pool_leaves_a_remainder_out():
    x = np.arange(2 * 5.0).reshape(1, 1, 2, 5)
    y, vjp = ops.max_pool(x)
    assert y.tolist() == [[[[6, 8]]]]
    assert vjp(np.array([[[[1.0, 2.0]]]])).tolist() == [[[[0, 0, 0, 0, 0], [0, 1, 0, 2, 0]]]]


def test_a_convolution_pads_nothing_unless_asked():
    z, vjp = ops.conv2d(np.arange(9.0).reshape(1, 1, 3, 3), np.ones((1, 1, 2, 2)), np.zeros(1))
    assert z.tolist() == [[[[8, 12], [20, 24]]]]
    assert vjp(np.ones_like(z))[0].tolist() == [[[[1, 2, 1], [2, 4, 2], [1, 2, 1]]]]


@pytest.mark.parametrize("tile", [2, 6, 12], ids=["smaller than a row", "of two rows", "of four"])
def test_cross_entropy_in_tiles_is_that_of_all_rows(monkeypatch, tile):
    logits, labels = np.random.default_rng(0).normal(0, 5, (5, 3)), np.array([0, 1, 2, 2, 1])
    whole, whole_vjp = ops.cross_entropy(logits, labels)
    monkeypatch.setattr(loss, "TILE", tile)
    value, vjp = ops.cross_entropy(logits, labels)
    assert value == whole
    assert np.array_equal(vjp(0.5), whole_vjp(0.5))
