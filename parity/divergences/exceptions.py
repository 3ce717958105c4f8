"""The classes of errors."""

from parity.divergences.entry import Divergence


class ErrClass(Divergence):
    """The same mistake raises another class of error in each framework.

    torch mostly raises RuntimeError, Keras ValueError, TensorFlow InvalidArgumentError, NumPy ValueError.  A test or a
    retry that catches one class does not catch the others'.  Here a matrix product whose widths do not fit.
    """

    name, apis = "ERR-CLASS", ("numpy.matmul", "torch.matmul", "keras.ops.matmul", "tf.linalg.matmul")
    words = (
        "RuntimeError",
        "ValueError",
        "InvalidArgumentError",
        "except",
        "pytest.raises",
        "shapes cannot be multiplied",
    )
    gap = float("inf")
    raises = {
        "numpy": ("ValueError", "mismatch in its core dimension"),
        "torch": ("RuntimeError", "mat1 and mat2 shapes cannot be multiplied"),
        "tf": ("InvalidArgumentError", "Matrix size-incompatible"),
    }
    source = "the errors' own texts; tf.errors.InvalidArgumentError"
    cure = "match the pair of framework and text"
    unaligned = "no class is common to all; Exception alone catches them"

    def inputs(rng):
        return {"x": rng.normal(size=(4, 2)), "w": rng.normal(size=(3, 1))}

    def numpy(x, w):
        return x @ w

    def torch(x, w):
        return x @ w

    def tf(x, w):
        import tensorflow as tf

        return tf.matmul(x, w)
