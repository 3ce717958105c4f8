"""Unique values, bins and buckets."""

import numpy as np

from parity.divergences.entry import Divergence


class NanUnique(Divergence):
    """NumPy counts all NaN as one unique value; torch and TensorFlow count each.

    Since NumPy 1.21; equal_nan=False is the older rule.
    """

    name, apis = "NAN-UNIQUE", ("torch.unique", "tf.unique", "numpy.unique")
    words = ("nan", "unique of nan", "equal_nan", "number of classes")
    gap = 0.5
    source = "numpy.unique, equal_nan"
    cure = "numpy.unique(x, equal_nan=False)"

    def inputs(rng):
        return {"x": np.array([np.nan, np.nan])}

    def torch(x):
        return x.unique().numel()

    def tf(x):
        import tensorflow as tf

        return tf.size(tf.unique(x).y)

    def numpy(x):
        import numpy as np

        return np.unique(x).size

    def aligned_numpy(x):
        import numpy as np

        return np.unique(x, equal_nan=False).size


class UniqueOrder(Divergence):
    """tf.unique keeps the order of first sight; torch, NumPy and keras.ops sort.

    3, 1, 3, 2 are 3, 1, 2 there.  A mapping of labels to indices that is made of it is another one.
    """

    name, apis = "UNIQUE-ORDER", ("torch.unique", "tf.unique", "keras.ops.unique", "numpy.unique")
    words = ("unique order", "sorted", "label mapping", "vocabulary")
    gap = 0.655
    source = "tf.unique; torch.unique; numpy.unique"
    cure = "tf.sort(tf.unique(x).y)"

    def inputs(rng):
        return {"n": np.array([3, 1, 3, 2])}

    def torch(n):
        return n.unique()

    def tf(n):
        import tensorflow as tf

        return tf.unique(n).y

    def numpy(n):
        import numpy as np

        return np.unique(n)

    def aligned_tf(n):
        import tensorflow as tf

        return tf.sort(tf.unique(n).y)


class Bucket(Divergence):
    """A value on a boundary belongs to the bucket below in torch, and to the one above in Keras and NumPy.

    torch's right=False is numpy.digitize's right=True.  Ages, ratings and other whole numbers lie on boundaries.
    """

    name, apis = "BUCKET", ("torch.bucketize", "tf.raw_ops.Bucketize", "keras.ops.digitize", "numpy.digitize")
    words = ("bucketize", "digitize", "boundary", "right", "off by one")
    gap = 0.775
    source = "torch.bucketize, right; numpy.digitize, right"
    cure = "torch.bucketize(x, boundaries, right=True)"

    def inputs(rng):
        return {"x": np.array([1.0, 2.0, 3.0])}

    def torch(x):
        import torch

        return torch.bucketize(x, torch.tensor([1.0, 2.0, 3.0]))

    def keras(x):
        import keras

        return keras.ops.digitize(x, keras.ops.array([1.0, 2.0, 3.0]))

    def numpy(x):
        import numpy as np

        return np.digitize(x, [1, 2, 3])

    def aligned_torch(x):
        import torch

        return torch.bucketize(x, torch.tensor([1.0, 2.0, 3.0]), right=True)


class Hist(Divergence):
    """TensorFlow's histogram counts what is out of range in its outer bins; torch, Keras and NumPy leave it out.

    -1, 0.1, 0.6, 0.7 and 2 in two bins of [0, 1] are 2 and 3, or 1 and 2.
    """

    name, apis = "HIST", ("torch.histc", "tf.histogram_fixed_width", "keras.ops.histogram", "numpy.histogram")
    words = ("histogram", "out of range", "outliers", "calibration")
    gap, units = 0.632, 1.8e7
    source = "tf.histogram_fixed_width; torch.histc; numpy.histogram"
    cure = "leave out what is out of range first: x[(x >= 0) & (x <= 1)]"

    def inputs(rng):
        return {"x": np.array([-1.0, 0.1, 0.6, 0.7, 2.0])}

    def torch(x):
        import torch

        return torch.histc(x, 2, 0, 1)

    def tf(x):
        import tensorflow as tf

        return tf.histogram_fixed_width(x, [0.0, 1.0], 2)

    def numpy(x):
        import numpy as np

        return np.histogram(x, 2, (0, 1))[0]

    def aligned_tf(x):
        import tensorflow as tf

        return tf.histogram_fixed_width(x[(x >= 0) & (x <= 1)], [0.0, 1.0], 2)


class Searchsorted(Divergence):
    """searchsorted finds the left place in each.

    torch's bucketize agrees with it, and digitize does not (BUCKET).
    """

    name = "SEARCHSORTED"
    apis = (
        "torch.searchsorted", "tf.searchsorted", "keras.ops.searchsorted", "numpy.searchsorted",
    )  # fmt: skip
    words = ("searchsorted", "left", "binary search")
    gap, equal = 0, True
    source = "torch.searchsorted; tf.searchsorted; numpy.searchsorted"
    cure = "nothing to align"

    def torch():
        import torch

        return torch.searchsorted(
            torch.tensor([1.0, 2.0, 3.0]),
            torch.tensor([2.0, 4.0, 0.0]),
        )

    def tf():
        import tensorflow as tf

        return tf.searchsorted([1.0, 2.0, 3.0], [2.0, 4.0, 0.0])

    def numpy():
        import numpy as np

        return np.searchsorted([1.0, 2.0, 3.0], [2.0, 4.0, 0.0])
