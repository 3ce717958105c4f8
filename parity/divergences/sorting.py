"""Sorting: where equal values and NaN go, and a clip with its bounds swapped."""

import numpy as np

from parity.divergences.entry import Divergence


class NanSort(Divergence):
    """TensorFlow's sort leaves values unsorted around a NaN; torch and NumPy put NaN last.

    It sorts by top_k, in whose comparison NaN is equal to all.  It looks like a bug of TensorFlow.
    """

    name, apis = "NAN-SORT", ("torch.sort", "tf.sort", "keras.ops.sort", "numpy.sort")
    words = ("nan", "sort with nan", "unsorted", "median with nan")
    gap = float("inf")
    gives = {"torch": "float32 [1, 2, 3, nan]", "tf": "float32 [1, 3, nan, 2]", "numpy": "float32 [1, 2, 3, nan]"}
    source = "tensorflow/python/ops/sort_ops.py; torch.sort; numpy.sort"
    cure = "replace NaN by +inf first"
    script = """
        import tensorflow as tf

        found = tf.sort([3.0, float("nan"), 1.0, 2.0]).numpy().tolist()
        numbers = [x for x in found if x == x]
        assert numbers == sorted(numbers), f"{found} is not sorted"
    """

    def inputs(rng):
        return {"x": np.array([3.0, np.nan, 1.0, 2.0])}

    def torch(x):
        return x.sort().values

    def tf(x):
        import tensorflow as tf

        return tf.sort(x)

    def numpy(x):
        import numpy as np

        return np.sort(x)

    def aligned_torch(x):
        import torch

        return x.nan_to_num(nan=torch.inf).sort().values

    def aligned_tf(x):
        import numpy as np
        import tensorflow as tf

        return tf.sort(tf.where(tf.math.is_nan(x), np.inf, x))

    def aligned_numpy(x):
        import numpy as np

        return np.sort(np.where(np.isnan(x), np.inf, x))


class NanTopk(Divergence):
    """NaN counts as the largest in torch's topk; in TensorFlow's its place is chance.

    Of 1, NaN, 3, NaN the top two are NaN twice in torch, and NaN and 3 in TensorFlow.
    """

    name, apis = "NAN-TOPK", ("torch.topk", "tf.math.top_k", "keras.ops.top_k")
    words = ("nan", "top k of nan", "beam search")
    gap = float("inf")
    gives = {"torch": "float32 [nan, nan]", "tf": "float32 [nan, 3]"}
    source = "torch.topk; tf.math.top_k"
    cure = "replace NaN by -inf first"

    def inputs(rng):
        return {"x": np.array([1.0, np.nan, 3.0, np.nan])}

    def torch(x):
        return x.topk(2).values

    def tf(x):
        import tensorflow as tf

        return tf.math.top_k(x, 2).values

    def aligned_torch(x):
        import torch

        return x.nan_to_num(nan=-torch.inf).topk(2).values

    def aligned_tf(x):
        import numpy as np
        import tensorflow as tf

        return tf.math.top_k(tf.where(tf.math.is_nan(x), -np.inf, x), 2).values


class ClipSwap(Divergence):
    """A clip whose bounds are swapped is the upper bound in torch and NumPy, and the lower in TensorFlow.

    min(max(x, lo), hi) in the one, max(min(x, hi), lo) in the other.  Bounds that are computed can cross.
    """

    name, apis = "CLIP-SWAP", ("torch.clamp", "tf.clip_by_value", "keras.ops.clip", "numpy.clip")
    words = ("clamp", "clip", "bounds", "min larger than max")
    gap, units = 1, 2.9e7
    source = "torch.clamp; tf.clip_by_value; numpy.clip"
    cure = "order the bounds first"

    def inputs(rng):
        return {"x": np.array([0.5])}

    def torch(x):
        return x.clamp(2, 1)

    def tf(x):
        import tensorflow as tf

        return tf.clip_by_value(x, 2, 1)

    def numpy(x):
        return x.clip(2, 1)

    def aligned_tf(x):
        import tensorflow as tf

        return tf.minimum(tf.maximum(x, 2), 1)


class SortStable(Divergence):
    """argsort keeps the order of equal values in TensorFlow; in torch and NumPy it must be asked for.

    Sorting sequences by length, or scores of a list, gives so another order of what is equal; which one depends on
    the processor.
    """

    name, apis = "SORT-STABLE", ("torch.argsort", "torch.sort", "tf.argsort", "keras.ops.argsort", "numpy.argsort")
    words = ("stable sort", "equal keys", "ties", "order of equal values", "quicksort")
    gap = 0.835
    source = "torch.sort, stable; numpy.sort, kind; tf.argsort, stable"
    cure = 'stable=True in torch, kind="stable" in NumPy'

    def inputs(rng):
        return {"n": np.tile([1, 0], 20)}

    def torch(n):
        return n.argsort()

    def tf(n):
        import tensorflow as tf

        return tf.argsort(n)

    def numpy(n):
        return n.argsort()

    def aligned_torch(n):
        return n.argsort(stable=True)

    def aligned_numpy(n):
        return n.argsort(kind="stable")


class TopkTies(Divergence):
    """Among equal values torch's topk takes any, TensorFlow's the lowest indices.

    Of six equal scores torch takes 3, 5 and 4.  Routing to experts and beam search begin with equal scores.
    """

    name, apis = "TOPK-TIES", ("torch.topk", "tf.math.top_k", "keras.ops.top_k")
    words = ("top k ties", "equal values", "beam search", "mixture of experts")
    gap = 0.762
    source = "torch.topk; tf.math.top_k: the lower-index element appears first"
    cure = "x.sort(descending=True, stable=True).indices[:k]"

    def inputs(rng):
        return {"x": np.ones(6)}

    def torch(x):
        return x.topk(3).indices

    def tf(x):
        import tensorflow as tf

        return tf.math.top_k(x, 3).indices

    def aligned_torch(x):
        return x.sort(descending=True, stable=True).indices[:3]
