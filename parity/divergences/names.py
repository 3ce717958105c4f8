"""One name, two meanings."""

import numpy as np

from parity.divergences.entry import Divergence


class ApiSplit(Divergence):
    """split(x, 2) makes pieces of two in torch, and two pieces elsewhere.

    Six elements become three pieces, or two.  Queries, keys and values are cut so.
    """

    name, apis = "API-SPLIT", ("torch.split", "torch.chunk", "tf.split", "keras.ops.split", "numpy.split")
    words = ("split", "chunk", "number of pieces", "too many values to unpack")
    gap = float("inf")
    gives = {
        "torch": "float32 [[-0.755, 0.943], [0.515, 0.347], [0.361, -0.814]]",
        "tf": "float32 [[-0.755, 0.943, 0.515], [0.347, 0.361, -0.814]]",
        "numpy": "float32 [[-0.755, 0.943, 0.515], [0.347, 0.361, -0.814]]",
    }
    source = "torch.split; tf.split; numpy.split"
    cure = "x.chunk(2)"

    def inputs(rng):
        return {"x": rng.normal(size=6)}

    def torch(x):
        import torch

        return torch.stack(x.split(2))

    def tf(x):
        import tensorflow as tf

        return tf.stack(tf.split(x, 2))

    def numpy(x):
        return np.stack(np.split(x, 2))

    def aligned_torch(x):
        import torch

        return torch.stack(x.chunk(2))


class ApiRepeat(Divergence):
    """repeat tiles in torch, and repeats each element elsewhere.

    0 1 2 becomes 0 1 2 0 1 2, or 0 0 1 1 2 2.  Copies of a batch and their originals no longer match.
    """

    name = "API-REPEAT"
    apis = (
        "torch.Tensor.repeat", "torch.repeat_interleave", "tf.repeat", "keras.ops.repeat", "numpy.repeat",
    )  # fmt: skip
    words = ("repeat", "tile", "repeat_interleave", "grouped query attention")
    gap, units = 1.19, 2.5e7
    source = "torch.Tensor.repeat; tf.repeat; numpy.repeat"
    cure = "x.repeat_interleave(2)"

    def inputs(rng):
        return {"x": rng.normal(size=3)}

    def torch(x):
        return x.repeat(2)

    def tf(x):
        import tensorflow as tf

        return tf.repeat(x, 2)

    def numpy(x):
        return x.repeat(2)

    def aligned_torch(x):
        return x.repeat_interleave(2)


class ApiGather(Divergence):
    """torch's gather picks one element a place along an axis; TensorFlow's picks rows.

    take_along_axis is the other's name for the first, index_select torch's for the second.  The log-probability of
    each label is read so.
    """

    name = "API-GATHER"
    apis = (
        "torch.gather", "torch.index_select", "tf.gather", "keras.ops.take_along_axis", "numpy.take_along_axis",
    )  # fmt: skip
    words = ("gather", "take_along_axis", "batch_dims", "index_select", "log-probability of the action")
    gap = float("inf")
    gives = {
        "torch": "float32 [[-0.162], [0.208], [-1.23]]",
        "tf": "float32 (3, 3, 1): -0.162, -0.162, -0.568, ...; rms 0.775",
        "numpy": "float32 [[-0.162], [0.208], [-1.23]]",
    }
    source = "torch.gather; tf.gather, batch_dims; numpy.take_along_axis"
    cure = "tf.gather(x, index, axis=1, batch_dims=1)"

    def inputs(rng):
        return {
            "x": rng.normal(size=(3, 4)),
            "index": rng.integers(4, size=(3, 1)),
        }

    def torch(x, index):
        return x.gather(1, index)

    def tf(x, index):
        import tensorflow as tf

        return tf.gather(x, index, axis=1)

    def numpy(x, index):
        return np.take_along_axis(x, index, 1)

    def aligned_tf(x, index):
        import tensorflow as tf

        return tf.gather(x, index, axis=1, batch_dims=1)


class ApiEq(Divergence):
    """== of tensors of other shapes is False in TensorFlow, and an error in torch and NumPy.

    An assertion that nothing is equal passes, and so does one written the wrong way round.
    """

    name, apis = "API-EQ", ("torch.eq", "torch.equal", "tf.equal", "keras.ops.equal", "numpy.equal")
    words = ("comparison", "shape mismatch", "accuracy is zero", "==", "test passes")
    gap = float("inf")
    gives = {"tf": "bool 0"}
    raises = {
        "torch": ("RuntimeError", r"The size of tensor a \(2\) must match the size of tensor b \(3\)"),
        "numpy": ("ValueError", "could not be broadcast together"),
    }
    source = "tf.Tensor, __eq__; torch.eq"
    cure = "compare the shapes first; torch.equal, numpy.array_equal"

    def torch():
        import torch

        return torch.ones(2) == torch.ones(3)

    def tf():
        import tensorflow as tf

        return tf.ones(2) == tf.ones(3)

    def numpy():
        return np.ones(2) == np.ones(3)

    def aligned_torch():
        import torch

        return torch.equal(torch.ones(2), torch.ones(3))

    def aligned_numpy():
        return np.array_equal(np.ones(2), np.ones(3))


class ApiTranspose(Divergence):
    """transpose swaps two named axes in torch, and reverses all by default elsewhere.

    (2, 3, 4) becomes (4, 3, 2) in TensorFlow, Keras and NumPy; torch wants to hear which two, or permute.
    """

    name = "API-TRANSPOSE"
    apis = (
        "torch.transpose", "torch.permute", "tf.transpose", "keras.ops.transpose", "numpy.transpose",
    )  # fmt: skip
    words = ("transpose", "permute", "missing 2 required positional arguments", "batched transpose", "swapaxes")
    gap = float("inf")
    gives = {
        "tf": "float32 (4, 3, 2): 0.247, -0.767, -0.019, ...; rms 0.67",
        "numpy": "float32 (4, 3, 2): 0.247, -0.767, -0.019, ...; rms 0.67",
    }
    raises = {"torch": ("TypeError", r"transpose\(\) missing 2 required positional argument")}
    source = "torch.transpose; tf.transpose; numpy.transpose"
    cure = "x.permute(2, 1, 0)"

    def inputs(rng):
        return {"x": rng.normal(size=(2, 3, 4))}

    def torch(x):
        import torch

        return torch.transpose(x)

    def tf(x):
        import tensorflow as tf

        return tf.transpose(x)

    def numpy(x):
        return np.transpose(x)

    def aligned_torch(x):
        return x.permute(2, 1, 0)
