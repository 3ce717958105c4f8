"""Dtypes, and the order of sums."""

from parity.divergences.entry import Divergence


class SumOrder(Divergence):
    """NumPy and TensorFlow sum a leading axis one after the other, and lose digits; torch sums in blocks.

    The error of a sum in order grows with the number of terms, that of one in blocks with its logarithm.  Statistics
    and gradients of a normalisation over many pixels show it first, in float32 alone.
    """

    name, apis = "SUM-ORDER", ("numpy.sum", "torch.sum", "tf.reduce_sum", "keras.ops.sum")
    words = ("sum precision", "float32 sum", "not reproducible", "mean of many values", "pairwise summation")
    gap = 3.7e-6
    source = "numpy.sum, Notes: partial pairwise summation is for the fast axis in memory"
    cure = "make the summed axis the last in memory: numpy.ascontiguousarray(x.T).sum(1)"

    def inputs(rng):
        return {"x": rng.uniform(size=(100_000, 4))}

    def torch(x):
        return x.sum(0)

    def tf(x):
        import tensorflow as tf

        return tf.reduce_sum(x, axis=0)

    def numpy(x):
        return x.sum(0)

    def aligned_tf(x):
        import tensorflow as tf

        return tf.reduce_sum(tf.transpose(x), axis=1)

    def aligned_numpy(x):
        import numpy as np

        return np.ascontiguousarray(x.T).sum(1)


class DtLossf32(Divergence):
    """A Keras loss computes in float32 whatever it is given, unless its dtype says otherwise.

    The default is keras.config.floatx().  torch computes in the dtype of its arguments.  A check of gradients in
    float64 fails at 1e-8 without an error anywhere.
    """

    name, apis = "DT-LOSSF32", ("torch.nn.MSELoss", "keras.losses.MeanSquaredError", "keras.losses.Loss")
    words = ("float64 loss", "double precision", "loss dtype", "floatx", "gradient check fails")
    dtype, gap = "float64", 1.3e-8
    source = "keras/src/losses/loss.py, Loss.__init__"
    cure = 'keras.losses.MeanSquaredError(dtype="float64")'

    def inputs(rng):
        return {"prediction": rng.normal(size=(16, 3)), "target": rng.normal(size=(16, 3))}

    def torch(prediction, target):
        import torch

        return torch.nn.MSELoss()(prediction, target)

    def keras(prediction, target):
        import keras

        return keras.losses.MeanSquaredError()(target, prediction)

    def aligned_keras(prediction, target):
        import keras

        return keras.losses.MeanSquaredError(dtype="float64")(target, prediction)
