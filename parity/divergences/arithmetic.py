"""Sums and their precision."""

import numpy as np

from parity.divergences.entry import Divergence


class SumOrder(Divergence):
    """NumPy and TensorFlow sum a leading axis one after the other, and lose digits; torch sums in blocks.

    The error of a sum in order grows with the number of terms, that of one in blocks with its logarithm.  Statistics
    and gradients of a normalisation over many pixels show it first, in float32 alone.
    """

    name, apis = "SUM-ORDER", ("numpy.sum", "torch.sum", "tf.reduce_sum", "keras.ops.sum")
    words = ("sum precision", "float32 sum", "not reproducible", "mean of many values", "pairwise summation")
    gap, units = 3.7e-6, 1e2
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
        return np.ascontiguousarray(x.T).sum(1)


class DtImean(Divergence):
    """The mean of integers is an error in torch, truncated in TensorFlow, and 1.5 in Keras and NumPy.

    tf.reduce_mean([1, 2]) is 1.  An accuracy of integer hits so is 0 or 1.
    """

    name, apis = "DT-IMEAN", ("torch.mean", "tf.reduce_mean", "keras.ops.mean", "numpy.mean")
    words = ("could not infer output dtype", "mean of integers", "accuracy is zero", "truncated")
    gap = float("inf")
    gives = {"tf": "int64 1", "keras": "float32 1.5"}
    raises = {"torch": ("RuntimeError", "could not infer output dtype")}
    source = "torch.mean; tf.reduce_mean"
    cure = "x.float().mean(); tf.reduce_mean(tf.cast(x, tf.float32))"

    def inputs(rng):
        return {"n": np.array([1, 2])}

    def torch(n):
        return n.mean()

    def tf(n):
        import tensorflow as tf

        return tf.reduce_mean(n)

    def keras(n):
        import keras

        return keras.ops.mean(n)

    def aligned_torch(n):
        return n.float().mean()

    def aligned_tf(n):
        import tensorflow as tf

        return tf.reduce_mean(tf.cast(n, tf.float32))


class DtSum(Divergence):
    """The sum of uint8 wraps in TensorFlow; torch, Keras and NumPy sum in a wider type.

    300 ones are 44.  Pixels, masks and counts are uint8.
    """

    name, apis = "DT-SUM", ("torch.sum", "tf.reduce_sum", "keras.ops.sum", "numpy.sum")
    words = ("uint8 sum", "overflow", "wraps around", "count of a mask")
    gap = 0.853
    source = "torch.sum; tf.reduce_sum; numpy.sum"
    cure = "tf.reduce_sum(tf.cast(x, tf.int64))"

    def torch():
        import torch

        return torch.ones(300, dtype=torch.uint8).sum()

    def tf():
        import tensorflow as tf

        return tf.reduce_sum(tf.ones(300, tf.uint8))

    def keras():
        import keras

        return keras.ops.sum(keras.ops.ones(300, "uint8"))

    def numpy():
        return np.ones(300, "uint8").sum()

    def aligned_tf():
        import tensorflow as tf

        return tf.reduce_sum(tf.cast(tf.ones(300, tf.uint8), tf.int64))


class DtSumbool(Divergence):
    """torch, Keras and NumPy count the trues of a mask by a sum; TensorFlow refuses booleans.

    An accuracy, (predicted == labels).sum(), is where it is met.
    """

    name, apis = "DT-SUMBOOL", ("torch.sum", "tf.reduce_sum", "tf.math.count_nonzero", "keras.ops.sum", "numpy.sum")
    words = ("sum of bool", "not in the list of allowed values", "count true", "accuracy")
    gap = float("inf")
    gives = {"torch": "int64 2", "keras": "int32 2"}
    raises = {"tf": ("InvalidArgumentError", "of bool is not in the list of allowed values")}
    source = "tf.reduce_sum; torch.sum"
    cure = "tf.math.count_nonzero(mask)"

    def inputs(rng):
        return {"mask": np.array([True, False, True])}

    def torch(mask):
        return mask.sum()

    def tf(mask):
        import tensorflow as tf

        return tf.reduce_sum(mask)

    def keras(mask):
        import keras

        return keras.ops.sum(mask)

    def aligned_tf(mask):
        import tensorflow as tf

        return tf.math.count_nonzero(mask)


class DtF16mean(Divergence):
    """TensorFlow's mean in float16 overflows in its sum; torch, Keras and NumPy sum in float32.

    A thousand values of 1000 have the mean inf.  65,504 is float16's largest number.
    """

    name, apis = "DT-F16MEAN", ("torch.mean", "tf.reduce_mean", "keras.ops.mean", "numpy.mean")
    words = ("float16", "half precision", "inf", "overflow", "mixed precision")
    gap = float("inf")
    gives = {"torch": "float16 1e+03", "tf": "float16 inf", "keras": "float16 1e+03", "numpy": "float16 1e+03"}
    source = "tf.reduce_mean; torch.mean; numpy.mean, Notes"
    cure = "keras.ops.mean; or cast to float32 first"

    def torch():
        import torch

        return torch.full((1000,), 1000.0, dtype=torch.float16).mean()

    def tf():
        import tensorflow as tf

        return tf.reduce_mean(tf.fill([1000], tf.constant(1000.0, tf.float16)))

    def keras():
        import keras

        return keras.ops.mean(keras.ops.full((1000,), 1000.0, "float16"))

    def numpy():
        return np.full(1000, 1000.0, "float16").mean()

    def aligned_tf():
        import tensorflow as tf

        return tf.reduce_mean(
            tf.cast(
                tf.fill([1000], tf.constant(1000.0, tf.float16)),
                tf.float32,
            ),
        )


class DtCumsum(Divergence):
    """A cumulative sum in float32 drifts in TensorFlow and NumPy; torch's adds up in float64.

    A hundred thousand tenths end at 9998.56, ten millions at 1,087,937.  Sums over time, discounted returns and
    cumulative distributions show it.
    """

    name, apis = "DT-CUMSUM", ("torch.cumsum", "tf.cumsum", "keras.ops.cumsum", "numpy.cumsum")
    words = ("cumsum", "float32", "rounding drift", "accumulated error")
    gap, units = 0.00014, 4.2e3
    source = "aten/src/ATen/native/cpu/ReduceOpsKernel.cpp, cumsum_cpu_kernel; numpy.cumsum"
    cure = 'sum in float64: numpy.cumsum(x, dtype="float64")'

    def torch():
        import torch

        return torch.full((100_000,), 0.1).cumsum(0)[-1]

    def tf():
        import tensorflow as tf

        return tf.cumsum(tf.fill([100_000], 0.1))[-1]

    def numpy():
        return np.cumsum(np.full(100_000, 0.1, "float32"))[-1]

    def aligned_tf():
        import tensorflow as tf

        return tf.cast(
            tf.cumsum(tf.cast(tf.fill([100_000], 0.1), tf.float64))[-1],
            tf.float32,
        )

    def aligned_numpy():
        sums = np.cumsum(np.full(100_000, 0.1, "float32"), dtype="float64")
        return sums[-1].astype("float32")
