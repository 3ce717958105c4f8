"""Axes by default, indices, and what is gathered."""

from parity.divergences.entry import Divergence


class RedDefaxis(Divergence):
    """argmax without an axis is of the flattened array in torch, NumPy and keras.ops, and of axis 0 in tf.

    `tf.argmax(logits)` of a batch returns a row for each class instead of a class for each row, and an accuracy
    computed from it is an error of shapes, or silently of the wrong axis where the batch has as many rows as classes.
    """

    name, apis = "RED-DEFAXIS", ("torch.argmax", "tf.argmax", "keras.ops.argmax", "numpy.argmax")
    words = ("argmax axis", "default axis", "dim", "wrong accuracy", "predicted class")
    gap = float("inf")
    gives = {"torch": "int64 13", "tf": "int64 [5, 3, 0, 0]", "numpy": "int64 13"}
    source = "tf.math.argmax; torch.argmax"
    cure = "give the axis: 1 for the classes of a batch"

    def inputs(rng):
        return {"logits": rng.normal(size=(6, 4))}

    def torch(logits):
        return logits.argmax()

    def tf(logits):
        import tensorflow as tf

        return tf.argmax(logits)

    def numpy(logits):
        return logits.argmax()

    def aligned_torch(logits):
        return logits.argmax(dim=1)

    def aligned_tf(logits):
        import tensorflow as tf

        return tf.argmax(logits, axis=1)

    def aligned_numpy(logits):
        return logits.argmax(axis=1)


class IdxStep(Divergence):
    """torch refuses a slice with a negative step; TensorFlow and NumPy turn the order.

    x[::-1] of a sequence, or of a picture's colours.
    """

    name, apis = "IDX-STEP", ("torch.Tensor", "torch.flip", "tf.Tensor", "numpy.ndarray")
    words = ("step must be greater than zero", "[::-1]", "reverse", "flip", "negative step")
    gap = float("inf")
    gives = {"tf": "float32 [0.0709, 0.448, -1.52, -0.402]", "numpy": "float32 [0.0709, 0.448, -1.52, -0.402]"}
    raises = {"torch": ("ValueError", "step must be greater than zero")}
    source = "torch.flip"
    cure = "x.flip(0)"

    def inputs(rng):
        return {"x": rng.normal(size=4)}

    def torch(x):
        return x[::-1]

    def tf(x):
        return x[::-1]

    def numpy(x):
        return x[::-1]

    def aligned_torch(x):
        return x.flip(0)


class IdxFancy(Divergence):
    """A list of indices gathers rows in torch and NumPy; TensorFlow reads it as one index for each axis.

    tf.Tensor takes no lists and no integer tensors of more than one element.
    """

    name, apis = "IDX-FANCY", ("torch.Tensor", "tf.gather", "keras.ops.take", "numpy.ndarray")
    words = ("fancy indexing", "Index out of range using input dim", "advanced indexing", "list of indices")
    gap = float("inf")
    gives = {"torch": "float32 [-0.732, -0.151]", "numpy": "float32 [-0.732, -0.151]"}
    raises = {"tf": ("InvalidArgumentError", "Index out of range using input dim 1; input has only 1 dims")}
    source = "tf.Tensor, __getitem__; tf.gather"
    cure = "tf.gather(x, [0, 2])"

    def inputs(rng):
        return {"x": rng.normal(size=4)}

    def torch(x):
        return x[[0, 2]]

    def tf(x):
        return x[[0, 2]]

    def numpy(x):
        return x[[0, 2]]

    def aligned_tf(x):
        import tensorflow as tf

        return tf.gather(x, [0, 2])
