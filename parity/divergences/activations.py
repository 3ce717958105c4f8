"""Activations, and what they do at special points."""

import numpy as np

from parity.divergences.entry import Divergence


class ActSoftmaxDim(Divergence):
    """torch's functional softmax without `dim` picks an axis by the number of dimensions.

    It takes axis 0 of one or three dimensions and axis 1 of two or four, with a warning; Keras takes the last.
    Attention's scores are three-dimensional, so the batch is normalised instead of the keys.
    """

    name, apis = "ACT-SOFTMAX-DIM", ("torch.nn.functional.softmax", "keras.ops.softmax", "keras.activations.softmax")
    words = ("softmax axis", "dim", "rows do not sum to one", "Implicit dimension choice")
    gap = 0.49
    warns = {"torch": "Implicit dimension choice for softmax"}
    source = "torch/nn/functional.py, _get_softmax_dim"
    cure = "F.softmax(x, dim=-1)"

    def inputs(rng):
        return {"x": rng.normal(size=(3, 4, 5))}

    def torch(x):
        import torch

        return torch.nn.functional.softmax(x)

    def keras(x):
        import keras

        return keras.ops.softmax(x)

    def aligned_torch(x):
        import torch

        return torch.nn.functional.softmax(x, dim=-1)


class ActSoftmaxInf(Divergence):
    """The softmax of an infinite logit is NaN, and not in the same places.

    Both subtract the maximum, and inf - inf is NaN.  torch divides by a sum that is NaN and loses the whole row;
    TensorFlow keeps the zeros.  A mask added as +inf, or a logit that overflowed, shows so.
    """

    name, apis = "ACT-SOFTMAX-INF", ("torch.nn.functional.softmax", "keras.ops.softmax", "tf.nn.softmax")
    words = ("softmax of infinity", "nan", "inf", "overflow")
    gap = float("inf")
    source = "tf.nn.softmax and torch.nn.Softmax: neither page defines it"
    cure = "keep logits finite: clip at the dtype's largest number"

    def inputs(rng):
        return {"x": np.array([np.inf, 0.0])}

    def torch(x):
        import torch

        return torch.softmax(x, dim=-1)

    def keras(x):
        import keras

        return keras.ops.softmax(x)

    def aligned_torch(x):
        import torch

        return torch.softmax(x.clamp(max=torch.finfo(x.dtype).max), dim=-1)

    def aligned_keras(x):
        import keras

        return keras.ops.softmax(keras.ops.minimum(x, x.dtype.max))


class ActDenorm(Divergence):
    """TensorFlow flushes results below the smallest normal number to zero.

    float32's normal numbers end at 1.2e-38; torch and NumPy go on to 1e-45 with fewer digits.  A logarithm of such a
    probability is -inf in one framework and -88 in the other.  It depends on the processor and on the build.
    """

    name, apis = "ACT-DENORM", ("torch.sigmoid", "keras.ops.sigmoid", "keras.activations.sigmoid")
    words = ("denormal", "subnormal", "underflow", "flush to zero", "log of zero")
    gap = 1.0
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


class ActGeluDef(Divergence):
    """keras.ops.gelu approximates by tanh; keras.activations.gelu and torch's GELU are exact by default.

    Two functions of one name in one library.  They differ by up to 5e-4, which a whole transformer shows as an accuracy
    that is almost right.
    """

    name = "ACT-GELU-DEF"
    apis = ("torch.nn.GELU", "torch.nn.functional.gelu", "keras.ops.gelu", "keras.activations.gelu", "keras.layers.Activation")
    words = ("gelu", "approximate", "tanh", "erf", "transformer outputs differ slightly")
    gap = 0.00018
    source = "keras/src/ops/nn.py, gelu; keras/src/activations/activations.py, gelu; torch.nn.GELU"
    cure = "keras.ops.gelu(x, approximate=False)"

    def inputs(rng):
        return {"x": rng.normal(0, 2, 50)}

    def torch(x):
        import torch

        return torch.nn.functional.gelu(x)

    def keras(x):
        import keras

        return keras.ops.gelu(x)

    def aligned_keras(x):
        import keras

        return keras.ops.gelu(x, approximate=False)

    def recognise(a, b):
        function = getattr(b, "activation", None)
        ops = getattr(function, "__module__", "").endswith("ops.nn") and function.__name__ == "gelu"
        return a.approximate == "none" and ops

    def pair():
        import keras
        import torch

        return torch.nn.GELU(), keras.layers.Activation(keras.ops.gelu)

    def aligned_pair():
        import keras
        import torch

        return torch.nn.GELU(), keras.layers.Activation("gelu")


class ActGeluTanh(Divergence):
    """GPT-2's and BERT's "gelu_new" is the approximation by tanh; Keras's activation "gelu" is the exact one.

    torch's GELU(approximate="tanh") is keras.activations.gelu(x, approximate=True).
    """

    name, apis = "ACT-GELU-TANH", ("torch.nn.GELU", "keras.activations.gelu", "keras.layers.Activation")
    words = ("gelu_new", "gelu_pytorch_tanh", "approximate", "tanh", "GPT-2")
    gap = 0.0002
    source = "torch.nn.GELU, approximate; keras.activations.gelu, approximate"
    cure = "keras.activations.gelu(x, approximate=True)"

    def inputs(rng):
        return {"x": rng.normal(0, 2, 50)}

    def torch(x):
        import torch

        return torch.nn.GELU(approximate="tanh")(x)

    def keras(x):
        import keras

        return keras.layers.Activation("gelu")(x)

    def aligned_keras(x):
        import keras

        return keras.layers.Activation(keras.ops.gelu)(x)  # approximates by default: ACT-GELU-DEF

    def recognise(a, b):
        function = getattr(b, "activation", None)
        exact = getattr(function, "__module__", "").endswith("activations.activations") and function.__name__ == "gelu"
        return a.approximate == "tanh" and exact

    def pair():
        import keras
        import torch

        return torch.nn.GELU(approximate="tanh"), keras.layers.Activation("gelu")

    def aligned_pair():
        import keras
        import torch

        return torch.nn.GELU(approximate="tanh"), keras.layers.Activation(keras.ops.gelu)


class ActGeluTail(Divergence):
    """torch's GELU of -6 is zero in float32; TensorFlow's is -5.9e-9, which is right.

    torch computes 1 + erf, which cancels; TensorFlow erfc.  The absolute error is below rounding of what surrounds it,
    the relative one is everything.
    """

    name, apis = "ACT-GELU-TAIL", ("torch.nn.GELU", "keras.activations.gelu", "tf.nn.gelu")
    words = ("gelu", "negative tail", "erfc", "cancellation", "underflow")
    gap = float("inf")
    source = "tensorflow/python/ops/nn_ops.py, gelu; aten/src/ATen/native/cpu/Activation.cpp"
    cure = "0.5 * x * torch.erfc(-x / 2**0.5)"

    def inputs(rng):
        return {"x": np.array([-6.0])}

    def torch(x):
        import torch

        return torch.nn.functional.gelu(x)

    def keras(x):
        import keras

        return keras.activations.gelu(x)

    def aligned_torch(x):
        import torch

        return 0.5 * x * torch.erfc(-x / 2**0.5)


class ActGeluF64(Divergence):
    """TensorFlow's GELU in float64 divides by a root of two that was rounded to float32.

    Its error is 5e-9.  `tf.cast(1.414..., x.dtype)` takes a Python number through float32.  It looks like a bug of
    TensorFlow.
    """

    name, apis = "ACT-GELU-F64", ("torch.nn.GELU", "tf.nn.gelu", "keras.activations.gelu")
    words = ("gelu", "float64", "double precision", "tf.cast", "gradient check fails")
    dtype, gap = "float64", 1.6e-09
    source = "tensorflow/python/ops/nn_ops.py, gelu"
    cure = "0.5 * x * tf.math.erfc(-x / np.sqrt(2))"

    def inputs(rng):
        return {"x": rng.normal(0, 2, 50)}

    def torch(x):
        import torch

        return torch.nn.functional.gelu(x)

    def keras(x):
        import keras

        return keras.activations.gelu(x)

    def aligned_keras(x):
        import tensorflow as tf

        return 0.5 * x * tf.math.erfc(-x / np.sqrt(2))


class ActLeaky(Divergence):
    """A leaky ReLU's slope is 0.01 in torch, 0.3 in Keras's layer and 0.2 in Keras's and TensorFlow's functions.

    The paper has 0.01.  Three defaults, and a network that trains a little differently with each.
    """

    name = "ACT-LEAKY"
    apis = (
        "torch.nn.LeakyReLU", "torch.nn.functional.leaky_relu", "keras.layers.LeakyReLU", "keras.activations.leaky_relu",
        "keras.ops.leaky_relu", "tf.nn.leaky_relu",
    )  # fmt: skip
    words = ("leaky relu", "negative_slope", "alpha", "slope", "GAN", "YOLO")
    gap = 0.274
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
    dtype, gap = "float64", 2.4e-09
    source = "tensorflow/core/ops/nn_ops.cc, LeakyRelu: alpha is a float attribute"
    cure = "tf.maximum(alpha * x, x); or a power of two"

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
    dtype, gap = "float64", 5e-11
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


class ActInt(Divergence):
    """torch, NumPy and keras.ops take the exponential of integers in floating point; TensorFlow refuses it.

    The message speaks of an attribute T and lists the types that are allowed.
    """

    name, apis = "ACT-INT", ("torch.exp", "tf.exp", "keras.ops.exp", "numpy.exp")
    words = ("integer input", "not in the list of allowed values", "int32", "promotion", "cast")
    gap = float("inf")
    raises = {"tf": ("InvalidArgumentError", "not in the list of allowed values")}
    source = "torch, Type promotion; tf.math.exp"
    cure = "tf.cast(x, tf.float32)"

    def inputs(rng):
        return {"x": np.array([0, 1, 2])}

    def torch(x):
        import torch

        return torch.exp(x)

    def tf(x):
        import tensorflow as tf

        return tf.exp(x)

    def keras(x):
        import keras

        return keras.ops.exp(x)

    def aligned_tf(x):
        import tensorflow as tf

        return tf.exp(tf.cast(x, tf.float32))


class ActIntSoftmax(Divergence):
    """A softmax of integers is refused by torch and by Keras, each with its own error.

    NotImplementedError in torch, TensorFlow's InvalidArgumentError in Keras, whose exponential promotes (ACT-INT).
    """

    name, apis = "ACT-INT-SOFTMAX", ("torch.nn.functional.softmax", "keras.ops.softmax", "tf.nn.softmax")
    words = ("integer input", "not implemented for 'Long'", "softmax of integers", "cast")
    gap = float("inf")
    raises = {
        "torch": ("NotImplementedError", "not implemented for 'Long'"),
        "keras": ("InvalidArgumentError", "not in the list of allowed values"),
    }
    source = "torch.softmax, dtype; tf.nn.softmax"
    cure = "cast to float32 first"

    def inputs(rng):
        return {"x": np.array([0, 1, 2])}

    def torch(x):
        import torch

        return torch.softmax(x, dim=-1)

    def keras(x):
        import keras

        return keras.ops.softmax(x)

    def aligned_torch(x):
        import torch

        return torch.softmax(x, dim=-1, dtype=torch.float32)

    def aligned_keras(x):
        import keras

        return keras.ops.softmax(keras.ops.cast(x, "float32"))


class L2normEps(Divergence):
    """Normalising a tiny vector depends on where its epsilon stands: below the norm, or below its square.

    torch divides by max(‖x‖, 1e-12), TensorFlow by √max(‖x‖², 1e-12), keras.ops likewise with 1e-12 as the root's
    result by another way.  A vector of length 1e-8 becomes 1, 0.01 and 0.1.
    """

    name = "L2NORM-EPS"
    apis = ("torch.nn.functional.normalize", "tf.nn.l2_normalize", "keras.ops.normalize", "keras.layers.UnitNormalization")
    words = ("normalize", "unit length", "epsilon", "embedding", "cosine similarity", "zero vector")
    gap = 0.99
    source = "torch.nn.functional.normalize; tensorflow/python/ops/nn_impl.py, l2_normalize; keras/src/ops/nn.py, normalize"
    cure = "tf.nn.l2_normalize(x, epsilon=1e-24)"

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

        return keras.ops.normalize(x, epsilon=1e-24)
