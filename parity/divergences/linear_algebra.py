"""Norms and decompositions of matrices."""

import numpy as np

from parity.divergences.entry import Divergence


class ApiNorm(Divergence):
    """The 2-norm of a matrix is its largest singular value in torch.linalg, Keras and NumPy; tf.norm flattens it.

    torch.norm(p=2) is the root of the squares too, Frobenius's norm.  tf.norm flattens unless it is given two axes.
    """

    name, apis = "API-NORM", ("torch.linalg.norm", "torch.norm", "tf.norm", "keras.ops.norm", "numpy.linalg.norm")
    words = ("matrix norm", "spectral norm", "Frobenius", "ord=2", "gradient norm")
    gap, units = 0.254, 6.6e6
    source = "torch.linalg.norm, ord; tf.norm, axis; torch.norm"
    cure = "tf.norm(x, 2, axis=(0, 1))"

    def inputs(rng):
        return {"x": rng.normal(size=(3, 3))}

    def torch(x):
        import torch

        return torch.linalg.norm(x, 2)

    def tf(x):
        import tensorflow as tf

        return tf.norm(x, 2)

    def keras(x):
        import keras

        return keras.ops.norm(x, 2)

    def numpy(x):
        return np.linalg.norm(x, 2)

    def aligned_tf(x):
        import tensorflow as tf

        return tf.norm(x, 2, axis=(0, 1))


class ApiSvd(Divergence):
    """TensorFlow's svd returns s, u, v; torch's, Keras's and NumPy's return u, s, v transposed.

    Unpacked in the other order, shapes of a square matrix agree and nothing else does.  torch is also full by
    default, where TensorFlow is thin.
    """

    name, apis = "API-SVD", ("torch.linalg.svd", "tf.linalg.svd", "keras.ops.svd", "numpy.linalg.svd")
    words = ("svd", "singular values", "full_matrices", "Vh", "reconstruction")
    gap, units = 1.06, 2.4e7
    source = "torch.linalg.svd; tf.linalg.svd; numpy.linalg.svd"
    cure = "s, u, v = tf.linalg.svd(x); vh = tf.transpose(v)"

    def inputs(rng):
        return {"x": 2 * np.eye(3) + rng.normal(0, 0.5, (3, 3))}

    def torch(x):
        import torch

        u, s, vh = torch.linalg.svd(x)
        return u * s @ vh

    def tf(x):
        import tensorflow as tf

        s, u, v = tf.linalg.svd(x)
        return tf.matmul(u * s, v)  # v is not transposed

    def numpy(x):
        u, s, vh = np.linalg.svd(x)
        return u * s @ vh

    def aligned_tf(x):
        import tensorflow as tf

        s, u, v = tf.linalg.svd(x)
        return tf.matmul(u * s, v, transpose_b=True)


class SvdFull(Divergence):
    """torch, Keras and NumPy return all singular vectors by default; TensorFlow those of the shorter side.

    U of a (4, 3) matrix is (4, 4), or (4, 3).  A low-rank layer made of it has another shape.
    """

    name, apis = "SVD-FULL", ("torch.linalg.svd", "tf.linalg.svd", "keras.ops.svd", "numpy.linalg.svd")
    words = ("svd", "full_matrices", "thin", "economy", "shape")
    gap = 0.177
    source = "torch.linalg.svd, full_matrices; tf.linalg.svd, full_matrices"
    cure = "full_matrices=False"

    def inputs(rng):
        return {"x": rng.normal(size=(4, 3))}

    def torch(x):
        import torch

        return torch.linalg.svd(x).U.shape

    def tf(x):
        import tensorflow as tf

        return tf.linalg.svd(x)[1].shape

    def numpy(x):
        return np.linalg.svd(x).U.shape

    def aligned_torch(x):
        import torch

        return torch.linalg.svd(x, full_matrices=False).U.shape

    def aligned_numpy(x):
        return np.linalg.svd(x, full_matrices=False).U.shape


class ApiChol(Divergence):
    """The Cholesky factor of what is not positive definite is NaN and garbage in TensorFlow, and an error elsewhere.

    LinAlgError in torch and NumPy, ValueError in Keras.  A Gaussian process or a covariance that lost its
    definiteness to rounding goes on in TensorFlow.
    """

    name = "API-CHOL"
    apis = (
        "torch.linalg.cholesky", "tf.linalg.cholesky", "keras.ops.cholesky", "numpy.linalg.cholesky",
    )  # fmt: skip
    words = ("not positive-definite", "cholesky", "nan", "covariance", "Cholesky decomposition failed")
    gap = float("inf")
    gives = {"tf": "bool 1"}
    raises = {
        "torch": ("_LinAlgError", "not positive-definite"),
        "keras": ("ValueError", "Cholesky decomposition failed"),
        "numpy": ("LinAlgError", "not positive definite"),
    }
    source = "tf.linalg.cholesky; torch.linalg.cholesky"
    cure = "tf.debugging.check_numerics; or add a small multiple of the identity"

    def torch():
        import torch

        return torch.linalg.cholesky(torch.tensor([[1.0, 2.0], [2.0, 1.0]]))

    def tf():
        import tensorflow as tf

        return tf.math.is_nan(
            tf.linalg.cholesky([[1.0, 2.0], [2.0, 1.0]])[0, 0],
        )

    def keras():
        import keras

        return keras.ops.cholesky(keras.ops.array([[1.0, 2.0], [2.0, 1.0]]))

    def numpy():
        return np.linalg.cholesky(np.array([[1.0, 2.0], [2.0, 1.0]]))

    def aligned_torch():
        import torch

        return torch.linalg.cholesky(
            torch.tensor([[1.0, 2.0], [2.0, 1.0]]) + 2 * torch.eye(2),
        )

    def aligned_tf():
        import tensorflow as tf

        return tf.linalg.cholesky(
            tf.constant([[1.0, 2.0], [2.0, 1.0]]) + 2 * tf.eye(2),
        )

    def aligned_keras():
        import keras

        return keras.ops.cholesky(
            keras.ops.array([[1.0, 2.0], [2.0, 1.0]]) + 2 * keras.ops.eye(2),
        )

    def aligned_numpy():
        return np.linalg.cholesky(
            np.array([[1.0, 2.0], [2.0, 1.0]]) + 2 * np.eye(2),
        )


class CholTriangle(Divergence):
    """The Cholesky factor is the lower triangle in each, and only that triangle is read.

    An upper triangle of anything changes nothing.
    """

    name, apis = "CHOL-TRIANGLE", ("torch.linalg.cholesky", "tf.linalg.cholesky", "numpy.linalg.cholesky")
    words = ("cholesky", "lower triangle", "upper")
    gap, equal = 0, True
    source = "torch.linalg.cholesky; tf.linalg.cholesky; numpy.linalg.cholesky"
    cure = "nothing to align"

    def torch():
        import torch

        return torch.linalg.cholesky(torch.tensor([[4.0, 9.0], [2.0, 3.0]]))

    def tf():
        import tensorflow as tf

        return tf.linalg.cholesky([[4.0, 9.0], [2.0, 3.0]])

    def numpy():
        return np.linalg.cholesky(np.array([[4.0, 9.0], [2.0, 3.0]], "float32"))
