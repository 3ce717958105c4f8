"""Operations that return their value and its vector-Jacobian product.

`y, vjp = op(x, w)`, then `dx, dw = vjp(dy)`: the derivative sits beside its function, and the closure is the
cache.  Every operation works in the dtype of its inputs, and on any array that implements NumPy's dispatch
protocols.
"""

from impl_numpy.ops.activation import relu, sigmoid, softmax, tanh
from impl_numpy.ops.attention import attention
from impl_numpy.ops.convolution import conv2d
from impl_numpy.ops.kink import argmax, listening, positive
from impl_numpy.ops.linear import linear
from impl_numpy.ops.loss import bce_with_logits, cross_entropy, mse
from impl_numpy.ops.network import tanh_network
from impl_numpy.ops.normalization import batch_norm
from impl_numpy.ops.optimizer import SGD, Adam
from impl_numpy.ops.pooling import max_pool
from impl_numpy.ops.recurrent import lstm

__all__ = [
    "SGD",
    "Adam",
    "argmax",
    "attention",
    "batch_norm",
    "bce_with_logits",
    "conv2d",
    "cross_entropy",
    "linear",
    "listening",
    "lstm",
    "max_pool",
    "mse",
    "positive",
    "relu",
    "sigmoid",
    "softmax",
    "tanh",
    "tanh_network",
]
