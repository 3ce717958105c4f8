"""Activations, and what they do at special points."""

import numpy as np

from parity.divergences.entry import Divergence


class ActSoftmaxDim(Divergence):
    """torch's functional softmax without `dim` picks an axis by the number of dimensions.

    It takes axis 0 of one or three dimensions and axis 1 of two or four, with a warning; Keras takes the last.
    Attention's scores are three-dimensional, so the batch is normalised instead of the keys.
    """

    name, apis = "ACT-SOFTMAX-DIM", ("torch.nn.functional.softmax", "keras.ops.softmax", "keras.activations.softmax")
    words = ("softmax axis", "dim", "rows do not sum to one", "Implicit dimension choice")
    gap = 0.49
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


class ActSoftmaxInf(Divergence):
    """The softmax of an infinite logit is NaN, and not in the same places.

    Both subtract the maximum, and inf - inf is NaN.  torch divides by a sum that is NaN and loses the whole row;
    TensorFlow keeps the zeros.  A mask added as +inf, or a logit that overflowed, shows so.
    """

    name, apis = "ACT-SOFTMAX-INF", ("torch.nn.functional.softmax", "keras.ops.softmax", "tf.nn.softmax")
    words = ("softmax of infinity", "nan", "inf", "overflow")
    gap = float("inf")
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


class ActDenorm(Divergence):
    """TensorFlow flushes results below the smallest normal number to zero.

    float32's normal numbers end at 1.2e-38; torch and NumPy go on to 1e-45 with fewer digits.  A logarithm of such a
    probability is -inf in one framework and -88 in the other.  It depends on the processor and on the build.
    """

    name, apis = "ACT-DENORM", ("torch.sigmoid", "keras.ops.sigmoid", "keras.activations.sigmoid")
    words = ("denormal", "subnormal", "underflow", "flush to zero", "log of zero")
    gap = 1.0
    source = "tensorflow/core/platform/denormal.h, ScopedFlushDenormal"
    cure = "count what is below torch.finfo(dtype).smallest_normal as zero"

    def inputs(rng):
        return {"x": np.array([-88.0])}

    def torch(x):
        import torch

        return torch.sigmoid(x)

    def keras(x):
        import keras

        return keras.ops.sigmoid(x)

    def aligned_torch(x):
        import torch

        a = torch.sigmoid(x)
        return torch.where(a < torch.finfo(a.dtype).smallest_normal, 0, a)
