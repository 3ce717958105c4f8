"""Softmax and exponential: the axis, infinities, integers."""

import numpy as np

from parity.divergences.entry import Divergence


class ActSoftmaxDim(Divergence):
    """torch's functional softmax without `dim` picks an axis by the number of dimensions.

    It takes axis 0 of one or three dimensions and axis 1 of two or four, with a warning; Keras takes the last.
    Attention's scores are three-dimensional, so the batch is normalised instead of the keys.
    """

    name = "ACT-SOFTMAX-DIM"
    apis = (
        "torch.nn.functional.softmax", "torch.nn.Softmax", "keras.ops.softmax", "keras.activations.softmax",
        "keras.layers.Softmax",
    )  # fmt: skip
    words = ("softmax axis", "dim", "rows do not sum to one", "Implicit dimension choice")
    gap, units = 0.49, 1.3e7
    warns = {"torch": "Implicit dimension choice for softmax"}
    source = "torch/nn/functional.py, _get_softmax_dim"
    cure = "F.softmax(x, dim=-1)"

    def inputs(rng):
        return {"x": rng.normal(size=(3, 4, 5))}

    def torch(x):
        import torch

        return torch.nn.functional.softmax(x)

    def keras(x):
        import keras

        return keras.ops.softmax(x)

    def aligned_torch(x):
        import torch

        return torch.nn.functional.softmax(x, dim=-1)

    def recognise(a, b):
        return a.dim is None

    def pair():
        import keras
        import torch

        return torch.nn.Softmax(), keras.layers.Softmax()

    def aligned_pair():
        import keras
        import torch

        return torch.nn.Softmax(dim=-1), keras.layers.Softmax()


class ActSoftmaxInf(Divergence):
    """The softmax of an infinite logit is NaN, and not in the same places.

    Both subtract the maximum, and inf - inf is NaN.  torch divides by a sum that is NaN and loses the whole row;
    TensorFlow keeps the zeros.  A mask added as +inf, or a logit that overflowed, shows so.
    """

    name, apis = "ACT-SOFTMAX-INF", ("torch.nn.functional.softmax", "keras.ops.softmax", "tf.nn.softmax")
    words = ("softmax of infinity", "nan", "inf", "overflow")
    gap = float("inf")
    gives = {"torch": "float32 [nan, nan]", "keras": "float32 [nan, 0]"}
    source = "tf.nn.softmax and torch.nn.Softmax: neither page defines it"
    cure = "keep logits finite: clip at the dtype's largest number"

    def inputs(rng):
        return {"x": np.array([np.inf, 0.0])}

    def torch(x):
        import torch

        return torch.softmax(x, dim=-1)

    def keras(x):
        import keras

        return keras.ops.softmax(x)

    def aligned_torch(x):
        import torch

        return torch.softmax(x.clamp(max=torch.finfo(x.dtype).max), dim=-1)

    def aligned_keras(x):
        import keras

        return keras.ops.softmax(keras.ops.minimum(x, x.dtype.max))


class ActInt(Divergence):
    """torch, NumPy and keras.ops take the exponential of integers in floating point; TensorFlow refuses it.

    The message speaks of an attribute T and lists the types that are allowed.
    """

    name, apis = "ACT-INT", ("torch.exp", "tf.exp", "keras.ops.exp", "numpy.exp")
    words = ("integer input", "not in the list of allowed values", "int32", "promotion", "cast")
    gap = float("inf")
    gives = {"torch": "float32 [1, 2.72, 7.39]", "keras": "float32 [1, 2.72, 7.39]"}
    raises = {"tf": ("InvalidArgumentError", "not in the list of allowed values")}
    source = "torch, Type promotion; tf.math.exp"
    cure = "tf.cast(x, tf.float32)"

    def inputs(rng):
        return {"x": np.array([0, 1, 2])}

    def torch(x):
        import torch

        return torch.exp(x)

    def tf(x):
        import tensorflow as tf

        return tf.exp(x)

    def keras(x):
        import keras

        return keras.ops.exp(x)

    def aligned_tf(x):
        import tensorflow as tf

        return tf.exp(tf.cast(x, tf.float32))


class ActIntSoftmax(Divergence):
    """A softmax of integers is refused by torch and by Keras, each with its own error.

    NotImplementedError in torch, TensorFlow's InvalidArgumentError in Keras, whose exponential promotes (ACT-INT).
    """

    name, apis = "ACT-INT-SOFTMAX", ("torch.nn.functional.softmax", "keras.ops.softmax", "tf.nn.softmax")
    words = ("integer input", "not implemented for 'Long'", "softmax of integers", "cast")
    gap = float("inf")
    raises = {
        "torch": ("NotImplementedError", "not implemented for 'Long'"),
        "keras": ("InvalidArgumentError", "not in the list of allowed values"),
    }
    source = "torch.softmax, dtype; tf.nn.softmax"
    cure = "cast to float32 first"

    def inputs(rng):
        return {"x": np.array([0, 1, 2])}

    def torch(x):
        import torch

        return torch.softmax(x, dim=-1)

    def keras(x):
        import keras

        return keras.ops.softmax(x)

    def aligned_torch(x):
        import torch

        return torch.softmax(x, dim=-1, dtype=torch.float32)

    def aligned_keras(x):
        import keras

        return keras.ops.softmax(keras.ops.cast(x, "float32"))
