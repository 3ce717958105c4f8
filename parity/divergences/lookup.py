"""Embeddings and one-hot rows: indices out of range, and their dtype."""

import numpy as np

from parity.divergences.entry import Divergence


class EmbOob(Divergence):
    """An index beyond the table is an error in torch and in TensorFlow, and the last row under XLA.

    On a GPU TensorFlow returns zeros for it, as tf.gather's page says, and torch fails an assertion.  A vocabulary
    that is one too small so shows in one of three ways, or not at all.
    """

    name, apis = "EMB-OOB", ("torch.nn.Embedding", "tf.gather", "keras.layers.Embedding")
    words = ("index out of range in self", "is not in [0, ", "vocabulary size", "input_dim", "jit_compile", "clamped")
    gap = float("inf")
    gives = {"xla": "float32 [[0, 1], [4, 5]]"}
    raises = {
        "torch": ("IndexError", "index out of range in self"),
        "tf": ("InvalidArgumentError", r"indices\[1\] = 7 is not in \[0, 3\)"),
    }
    framework = "tf"
    source = "torch.nn.Embedding; tf.gather"
    cure = "check 0 <= index < len(table)"
    unaligned = "there is no such row"

    def torch():
        import torch

        table = torch.arange(6.0).reshape(3, 2)
        return torch.nn.functional.embedding(torch.tensor([0, 7]), table)

    def tf():
        import tensorflow as tf

        table = tf.reshape(tf.range(6.0), (3, 2))
        return tf.gather(table, [0, 7])

    def xla():
        import tensorflow as tf

        table = tf.reshape(tf.range(6.0), (3, 2))
        return tf.function(lambda i: tf.gather(table, i), jit_compile=True)(
            tf.constant([0, 7]),
        )  # the last row


class EmbNeg(Divergence):
    """A negative index is the last row in Keras's Embedding, and an error in torch and in tf.gather.

    keras.ops.take counts from the end, as NumPy does.  -1 as a sign of padding so trains the last word.
    """

    name = "EMB-NEG"
    apis = (
        "torch.nn.Embedding", "keras.layers.Embedding", "keras.ops.take", "tf.gather", "numpy.take",
    )  # fmt: skip
    words = ("negative index", "-1", "padding index", "index out of range in self", "wraps around")
    gap = float("inf")
    gives = {"keras": "float32 [[0, 1], [4, 5]]", "numpy": "float64 [[0, 1], [4, 5]]"}
    raises = {
        "torch": ("IndexError", "index out of range in self"),
        "tf": ("InvalidArgumentError", r"indices\[1\] = -1 is not in \[0, 3\)"),
    }
    source = "keras.ops.take; torch.nn.Embedding"
    cure = "shift the padding to an index of its own"

    def torch():
        import torch

        table = torch.arange(6.0).reshape(3, 2)
        return torch.nn.functional.embedding(torch.tensor([0, -1]), table)

    def keras():
        import keras

        layer = keras.layers.Embedding(
            3,
            2,
            weights=[keras.ops.reshape(keras.ops.arange(6.0), (3, 2))],
        )
        return layer(keras.ops.array([0, -1]))

    def tf():
        import tensorflow as tf

        return tf.gather(tf.reshape(tf.range(6.0), (3, 2)), [0, -1])

    def numpy():

        return np.arange(6.0).reshape(3, 2).take([0, -1], axis=0)

    def aligned_torch():
        import torch

        table = torch.arange(6.0).reshape(3, 2)
        return table[torch.tensor([0, -1])]

    def aligned_tf():
        import tensorflow as tf

        return tf.gather(
            tf.reshape(tf.range(6.0), (3, 2)),
            tf.constant([0, -1]) % 3,
        )


class EmbFloat(Divergence):
    """Keras's Embedding truncates indices that are floats; torch refuses them.

    1.7 is row 1.  A pipeline that makes everything float32 works, up to 16,777,216 rows.
    """

    name, apis = "EMB-FLOAT", ("torch.nn.Embedding", "keras.layers.Embedding")
    words = ("scalar types: Long, Int; but got torch.FloatTensor", "float indices", "index dtype")
    gap = float("inf")
    gives = {"keras": "float32 [[0, 1], [2, 3]]"}
    raises = {"torch": ("RuntimeError", "scalar types: Long, Int; but got torch.FloatTensor")}
    source = "torch.nn.Embedding, Shape; keras/src/layers/core/embedding.py, call"
    cure = "indices.long()"

    def torch():
        import torch

        table = torch.arange(6.0).reshape(3, 2)
        return torch.nn.functional.embedding(torch.tensor([0.0, 1.7]), table)

    def keras():
        import keras

        layer = keras.layers.Embedding(
            3,
            2,
            weights=[keras.ops.reshape(keras.ops.arange(6.0), (3, 2))],
        )
        return layer(keras.ops.array([0.0, 1.7]))

    def aligned_torch():
        import torch

        table = torch.arange(6.0).reshape(3, 2)
        return torch.nn.functional.embedding(
            torch.tensor([0.0, 1.7]).long(),
            table,
        )


class Onehot(Divergence):
    """A class out of range is an error in torch's one_hot, and a row of zeros in TensorFlow's and Keras's.

    A row of zeros has a cross-entropy of zero, so such a sample is left out of the training and still counted.
    """

    name = "ONEHOT"
    apis = (
        "torch.nn.functional.one_hot", "tf.one_hot", "keras.ops.one_hot", "keras.utils.to_categorical",
    )  # fmt: skip
    words = ("Class values must be smaller than num_classes", "row of zeros", "label out of range")
    gap = float("inf")
    gives = {"tf": "float32 [[1, 0, 0], [0, 0, 0]]", "keras": "float32 [[1, 0, 0], [0, 0, 0]]"}
    raises = {"torch": ("RuntimeError", "Class values must be smaller than num_classes")}
    source = "torch.nn.functional.one_hot; tf.one_hot"
    cure = "check 0 <= label < classes"

    def torch():
        import torch

        return torch.nn.functional.one_hot(torch.tensor([0, 5]), 3)

    def tf():
        import tensorflow as tf

        return tf.one_hot([0, 5], 3)

    def keras():
        import keras

        return keras.ops.one_hot(keras.ops.array([0, 5]), 3)

    def aligned_torch():
        import torch

        return (torch.tensor([0, 5])[:, None] == torch.arange(3)).int()


class OnehotNeg(Divergence):
    """A negative class counts from the end in keras.utils.to_categorical, and is an error in torch's one_hot.

    -1 as a sign of "unlabelled" so becomes the last class.
    """

    name, apis = "ONEHOT-NEG", ("torch.nn.functional.one_hot", "keras.utils.to_categorical", "tf.one_hot")
    words = ("Class values must be non-negative", "-1", "unlabelled", "wraps around")
    gap = float("inf")
    gives = {"keras": "float64 [[1, 0, 0], [0, 0, 1]]"}
    raises = {"torch": ("RuntimeError", "Class values must be non-negative")}
    source = "keras/src/utils/numerical_utils.py, to_categorical"
    cure = "check 0 <= label < classes"

    def torch():
        import torch

        return torch.nn.functional.one_hot(torch.tensor([0, -1]), 3)

    def keras():
        import keras

        return keras.utils.to_categorical([0, -1], 3)

    def aligned_torch():
        import torch

        return torch.nn.functional.one_hot(torch.tensor([0, -1]) % 3, 3)


class OnehotDt(Divergence):
    """torch's one_hot is int64, TensorFlow's and Keras's float32.

    Losses and products refuse the integers in torch (CE-ONEHOT).
    """

    name, apis = "ONEHOT-DT", ("torch.nn.functional.one_hot", "tf.one_hot", "keras.ops.one_hot")
    words = ("one-hot dtype", "int64", "float32")
    gap = float("inf")
    gives = {"torch": "int64", "tf": "float32"}
    source = "torch.nn.functional.one_hot; tf.one_hot, dtype"
    cure = "one_hot(labels, n).float()"

    def torch():
        import torch

        return str(
            torch.nn.functional.one_hot(torch.tensor([0, 1]), 3).dtype,
        ).removeprefix("torch.")

    def tf():
        import tensorflow as tf

        return tf.one_hot([0, 1], 3).dtype.name

    def aligned_torch():
        import torch

        return str(
            torch.nn.functional.one_hot(torch.tensor([0, 1]), 3).float().dtype,
        ).removeprefix("torch.")
