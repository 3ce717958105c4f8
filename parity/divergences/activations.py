"""Activations, and what they do at special points."""

import numpy as np

from parity.divergences.entry import Divergence


class ActDenorm(Divergence):
    """TensorFlow flushes results below the smallest normal number to zero.

    float32's normal numbers end at 1.2e-38; torch and NumPy go on to 1e-45 with fewer digits.  A logarithm of such a
    probability is -inf in one framework and -88 in the other.  It depends on the processor and on the build.  The judge
    flushes such numbers itself, so it counts no noise units between them.
    """

    name, apis = "ACT-DENORM", ("torch.sigmoid", "keras.ops.sigmoid", "keras.activations.sigmoid")
    words = ("denormal", "subnormal", "underflow", "flush to zero", "log of zero")
    gap, units = 1.0, 0
    source = "tensorflow/core/platform/denormal.h, ScopedFlushDenormal"
    cure = "count what is below torch.finfo(dtype).smallest_normal as zero"

    def inputs(rng):
        return {"x": np.array([-88.0])}

    def torch(x):
        import torch

        return torch.sigmoid(x)

    def keras(x):
        import keras

        return keras.ops.sigmoid(x)

    def aligned_torch(x):
        import torch

        a = torch.sigmoid(x)
        return torch.where(a < torch.finfo(a.dtype).smallest_normal, 0, a)


class ActLeaky(Divergence):
    """A leaky ReLU's slope is 0.01 in torch, 0.3 in Keras's layer and 0.2 in Keras's and TensorFlow's functions.

    The paper has 0.01.  Three defaults, and a network that trains a little differently with each.
    """

    name = "ACT-LEAKY"
    apis = (
        "torch.nn.LeakyReLU", "torch.nn.functional.leaky_relu", "keras.layers.LeakyReLU",
        "keras.activations.leaky_relu", "keras.ops.leaky_relu", "tf.nn.leaky_relu",
    )  # fmt: skip
    words = ("leaky relu", "negative_slope", "alpha", "slope", "GAN", "YOLO")
    gap, units = 0.274, 5.8e6
    source = "keras.layers.LeakyReLU; tf.nn.leaky_relu; torch.nn.LeakyReLU"
    cure = "give it: keras.layers.LeakyReLU(negative_slope=0.01)"

    def inputs(rng):
        return {"x": rng.normal(size=50)}

    def torch(x):
        import torch

        return torch.nn.LeakyReLU()(x)

    def keras(x):
        import keras

        return keras.layers.LeakyReLU()(x)

    def tf(x):
        import tensorflow as tf

        return tf.nn.leaky_relu(x)

    def aligned_keras(x):
        import keras

        return keras.layers.LeakyReLU(negative_slope=0.01)(x)

    def aligned_tf(x):
        import tensorflow as tf

        return tf.nn.leaky_relu(x, alpha=0.01)

    def recognise(a, b):
        return float(a.negative_slope) != float(b.negative_slope)

    def pair():
        import keras
        import torch

        return torch.nn.LeakyReLU(), keras.layers.LeakyReLU()

    def aligned_pair():
        import keras
        import torch

        return torch.nn.LeakyReLU(), keras.layers.LeakyReLU(negative_slope=0.01)


class ActLeakyF64(Divergence):
    """TensorFlow keeps the slope of a leaky ReLU in float32, in float64 too.

    0.2 becomes 0.2000000030.  A slope that is a power of two has no such error.  It looks like a bug of TensorFlow.
    """

    name, apis = "ACT-LEAKY-F64", ("torch.nn.LeakyReLU", "tf.nn.leaky_relu", "keras.layers.LeakyReLU")
    words = ("leaky relu", "float64", "double precision", "alpha", "gradient check fails")
    dtype, gap, units = "float64", 2.4e-09, 2.7e7
    source = "tensorflow/core/ops/nn_ops.cc, LeakyRelu: alpha is a float attribute"
    cure = "tf.maximum(alpha * x, x); or a power of two"
    script = """
        import tensorflow as tf

        x = tf.constant(-1.0, tf.float64)
        leaked = float(tf.nn.leaky_relu(x, alpha=0.2))
        assert leaked == -0.2, f"{leaked} is not -0.2"
    """

    def inputs(rng):
        return {"x": rng.normal(size=50)}

    def torch(x):
        import torch

        return torch.nn.functional.leaky_relu(x, 0.2)

    def tf(x):
        import tensorflow as tf

        return tf.nn.leaky_relu(x, alpha=0.2)

    def aligned_tf(x):
        import tensorflow as tf

        return tf.maximum(tf.constant(0.2, x.dtype) * x, x)


class ActSoftplus(Divergence):
    """torch's softplus is linear above 20; TensorFlow's has no such threshold.

    log(1 + e^-20) is 2e-9, which float32 does not see (ACT-SOFTPLUS-F32) and float64 does.
    """

    name, apis = "ACT-SOFTPLUS", ("torch.nn.Softplus", "keras.activations.softplus", "tf.nn.softplus")
    words = ("softplus", "threshold", "float64", "double precision")
    dtype, gap, units = "float64", 5e-11, 5.7e5
    source = "torch.nn.Softplus, threshold"
    cure = "torch.nn.Softplus(threshold=40)"

    def inputs(rng):
        return {"x": np.array([20.5, 21.0])}

    def torch(x):
        import torch

        return torch.nn.Softplus()(x)

    def keras(x):
        import keras

        return keras.activations.softplus(x)

    def aligned_torch(x):
        import torch

        return torch.nn.Softplus(threshold=40)(x)


class L2normEps(Divergence):
    """Normalising a tiny vector depends on where its epsilon stands: below the norm, or below its square.

    torch divides by max(‖x‖, 1e-12), TensorFlow by √max(‖x‖², 1e-12), keras.ops by max(‖x‖, 1e-7).  A vector of length
    1e-8 becomes 1, 0.01 and 0.1.
    """

    name = "L2NORM-EPS"
    apis = (
        "torch.nn.functional.normalize",
        "tf.nn.l2_normalize",
        "keras.ops.normalize",
        "keras.layers.UnitNormalization",
    )
    words = ("normalize", "unit length", "epsilon", "embedding", "cosine similarity", "zero vector")
    gap, units = 0.99, 2.9e7
    source = (
        "torch.nn.functional.normalize; tensorflow/python/ops/nn_impl.py, l2_normalize; keras/src/ops/nn.py, normalize"
    )
    cure = "tf.nn.l2_normalize(x, epsilon=1e-24); keras.ops.normalize(x, epsilon=1e-12)"

    def inputs(rng):
        return {"x": np.array([1e-8, 0.0, 0.0])}

    def torch(x):
        import torch

        return torch.nn.functional.normalize(x, dim=0)

    def tf(x):
        import tensorflow as tf

        return tf.nn.l2_normalize(x)

    def keras(x):
        import keras

        return keras.ops.normalize(x)

    def aligned_tf(x):
        import tensorflow as tf

        return tf.nn.l2_normalize(x, epsilon=1e-24)

    def aligned_keras(x):
        import keras

        return keras.ops.normalize(x, epsilon=1e-12)
