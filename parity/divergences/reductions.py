"""Reductions: deviations, medians, empty axes, and NaN in the middle."""

import numpy as np

from parity.divergences.entry import Divergence


class RedDdof(Divergence):
    """A standard deviation divides by n - 1 in torch, and by n in TensorFlow, Keras and NumPy.

    The variance too.  A feature that is scaled by hand differs by √(n / (n - 1)).
    """

    name, apis = "RED-DDOF", ("torch.std", "torch.var", "tf.math.reduce_std", "keras.ops.std", "numpy.std")
    words = ("standard deviation", "ddof", "unbiased", "correction", "Bessel", "variance")
    gap, units = 0.134, 3.1e6
    source = "torch.std, correction; numpy.std, ddof"
    cure = "x.std(correction=0)"

    def inputs(rng):
        return {"x": rng.normal(size=4)}

    def torch(x):
        return x.std()

    def tf(x):
        import tensorflow as tf

        return tf.math.reduce_std(x)

    def numpy(x):
        return x.std()

    def aligned_torch(x):
        return x.std(correction=0)


class RedStd1(Divergence):
    """The standard deviation of one value is NaN in torch and 0 elsewhere.

    n - 1 is zero (RED-DDOF).  A group of one sample, or a batch of one, meets it; torch warns.
    """

    name, apis = "RED-STD1", ("torch.std", "torch.var", "tf.math.reduce_std", "keras.ops.std", "numpy.std")
    words = ("nan", "standard deviation of one element", "degrees of freedom", "batch of one")
    gap = float("inf")
    gives = {"torch": "float32 nan", "tf": "float32 0", "numpy": "float32 0"}
    warns = {"torch": "degrees of freedom is <= 0"}
    source = "torch.std, correction"
    cure = "x.std(correction=0)"

    def inputs(rng):
        return {"x": rng.normal(size=1)}

    def torch(x):
        return x.std()

    def tf(x):
        import tensorflow as tf

        return tf.math.reduce_std(x)

    def numpy(x):
        return x.std()

    def aligned_torch(x):
        return x.std(correction=0)


class RedMedian(Divergence):
    """torch's median of an even number of values is the lower of the two in the middle; others take their mean.

    So 2.0 and not 2.5 of 1, 2, 3, 4.  A robust loss or a threshold by the median moves.
    """

    name, apis = "RED-MEDIAN", ("torch.median", "keras.ops.median", "numpy.median")
    words = ("median", "even", "quantile", "lower")
    gap, units = 0.25, 6.2e6
    source = "torch.median, Note"
    cure = "x.quantile(0.5)"

    def inputs(rng):
        return {"x": np.array([1.0, 4.0, 2.0, 3.0])}

    def torch(x):
        return x.median()

    def keras(x):
        import keras

        return keras.ops.median(x)

    def numpy(x):
        import numpy as np

        return np.median(x)

    def aligned_torch(x):
        return x.quantile(0.5)


class RedAxisempty(Divergence):
    """A sum over no axis is one over all axes in torch, and changes nothing elsewhere.

    Axes that are computed, as all but the batch's, can be none.
    """

    name, apis = "RED-AXISEMPTY", ("torch.sum", "tf.reduce_sum", "keras.ops.sum", "numpy.sum")
    words = ("axis=()", "dim=()", "empty axes", "reduces everything")
    gap = float("inf")
    gives = {
        "torch": "float32 2.03",
        "tf": "float32 [[0.491, -0.547, -0.213], [2.11, 0.409, -0.221]]",
        "numpy": "float32 [[0.491, -0.547, -0.213], [2.11, 0.409, -0.221]]",
    }
    source = "torch.sum; numpy.sum"
    cure = "x.sum(dim) if dim else x"

    def inputs(rng):
        return {"x": rng.normal(size=(2, 3))}

    def torch(x):
        return x.sum(dim=())

    def tf(x):
        import tensorflow as tf

        return tf.reduce_sum(x, axis=())

    def numpy(x):
        return x.sum(axis=())

    def aligned_torch(x):
        dim = ()
        return x.sum(dim) if dim else x


class RedEmpty(Divergence):
    """The maximum of nothing is -inf in TensorFlow, and an error in torch, Keras and NumPy.

    A batch whose boxes or labels were all filtered away meets it.
    """

    name, apis = "RED-EMPTY", ("torch.max", "tf.reduce_max", "keras.ops.max", "numpy.max")
    words = ("empty tensor", "max of empty", "zero-size array", "-inf")
    gap = float("inf")
    gives = {"tf": "float32 -inf"}
    raises = {
        "torch": ("RuntimeError", "Expected reduction dim to be specified"),
        "keras": ("InvalidArgumentError", "Cannot compute the max of an empty tensor"),
        "numpy": ("ValueError", "zero-size array to reduction operation maximum"),
    }
    source = "tf.reduce_max; numpy.max, initial"
    cure = "test the length first; numpy.max(x, initial=-np.inf)"

    def inputs(rng):
        return {"x": np.zeros(0)}

    def torch(x):
        return x.max()

    def tf(x):
        import tensorflow as tf

        return tf.reduce_max(x)

    def keras(x):
        import keras

        return keras.ops.max(x)

    def numpy(x):
        return x.max()

    def aligned_torch(x):
        import torch

        return x.amax() if x.numel() else torch.tensor(-torch.inf)

    def aligned_keras(x):
        import keras
        import numpy as np

        return keras.ops.max(x, initial=-np.inf)

    def aligned_numpy(x):
        import numpy as np

        return x.max(initial=-np.inf)


class NanArgmax(Divergence):
    """argmax takes a NaN for the largest in torch and NumPy; TensorFlow and Keras pass it over.

    A network that has become NaN so may keep an accuracy of 1 in Keras.  Of NaN alone the index is 0.
    """

    name, apis = "NAN-ARGMAX", ("torch.argmax", "tf.argmax", "keras.ops.argmax", "numpy.argmax")
    words = ("nan", "argmax of nan", "accuracy with nan", "predicted class")
    gap = float("inf")
    gives = {"torch": "int64 0", "tf": "int64 2", "keras": "int32 2", "numpy": "int64 0"}
    source = "numpy.argmax; tensorflow/core/kernels/argmax_op.h"
    cure = "look for NaN first: tf.debugging.check_numerics"

    def inputs(rng):
        return {"x": np.array([np.nan, 1.0, 3.0])}

    def torch(x):
        return x.argmax()

    def tf(x):
        import tensorflow as tf

        return tf.argmax(x)

    def keras(x):
        import keras

        return keras.ops.argmax(x)

    def numpy(x):
        return x.argmax()

    def aligned_tf(x):
        import numpy as np
        import tensorflow as tf

        return tf.argmax(tf.where(tf.math.is_nan(x), np.inf, x))

    def aligned_keras(x):
        import keras
        import numpy as np

        return keras.ops.argmax(keras.ops.where(keras.ops.isnan(x), np.inf, x))


class NanSign(Divergence):
    """The sign of NaN is 0 in torch and NaN in TensorFlow and NumPy.

    A NaN gradient so leaves a sign optimizer in torch unseen.
    """

    name, apis = "NAN-SIGN", ("torch.sign", "tf.sign", "keras.ops.sign", "numpy.sign")
    words = ("nan", "sign of nan", "signSGD", "Lion")
    gap = float("inf")
    gives = {"torch": "float32 [0, -1]", "tf": "float32 [nan, -1]", "numpy": "float32 [nan, -1]"}
    source = "torch.sign; tf.sign; numpy.sign"
    cure = "torch.where(x.isnan(), x, x.sign())"
    unaligned = "a NaN is to be found, not to be carried on"

    def inputs(rng):
        return {"x": np.array([np.nan, -2.0])}

    def torch(x):
        return x.sign()

    def tf(x):
        import tensorflow as tf

        return tf.sign(x)

    def numpy(x):
        import numpy as np

        return np.sign(x)
