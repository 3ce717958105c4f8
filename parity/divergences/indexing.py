"""Reductions' axes, indices, and what is gathered."""

from parity.divergences.entry import Divergence


class RedDefaxis(Divergence):
    """argmax without an axis is of the flattened array in torch, NumPy and keras.ops, and of axis 0 in tf.

    `tf.argmax(logits)` of a batch returns a row for each class instead of a class for each row, and an accuracy
    computed from it is an error of shapes, or silently of the wrong axis where the batch has as many rows as classes.
    """

    name, apis = "RED-DEFAXIS", ("torch.argmax", "tf.argmax", "keras.ops.argmax", "numpy.argmax")
    words = ("argmax axis", "default axis", "dim", "wrong accuracy", "predicted class")
    gap = float("inf")
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
