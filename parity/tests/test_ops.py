"""NumPy's operations where no exercise's sizes could tell."""

import numpy as np

from impl_numpy import ops


def test_a_pool_leaves_a_remainder_out():
    x = np.arange(2 * 5.0).reshape(1, 1, 2, 5)
    y, vjp = ops.max_pool(x)
    assert y.tolist() == [[[[6, 8]]]]
    assert vjp(np.array([[[[1.0, 2.0]]]])).tolist() == [[[[0, 0, 0, 0, 0], [0, 1, 0, 2, 0]]]]


def test_a_convolution_pads_nothing_unless_asked():
    z, vjp = ops.conv2d(np.arange(9.0).reshape(1, 1, 3, 3), np.ones((1, 1, 2, 2)), np.zeros(1))
    assert z.tolist() == [[[[8, 12], [20, 24]]]]
    assert vjp(np.ones_like(z))[0].tolist() == [[[[1, 2, 1], [2, 4, 2], [1, 2, 1]]]]
