"""GELU: its approximation, its tail, its constant."""

import numpy as np

from parity.divergences.entry import Divergence


class ActGeluDef(Divergence):
    """keras.ops.gelu approximates by tanh; keras.activations.gelu and torch's GELU are exact by default.

    Two functions of one name in one library.  It looks like an oversight of Keras.  They differ by up to 5e-4, which
    a whole transformer shows as an accuracy that is almost right.
    """

    name = "ACT-GELU-DEF"
    apis = (
        "torch.nn.GELU",
        "torch.nn.functional.gelu",
        "keras.ops.gelu",
        "keras.activations.gelu",
        "keras.layers.Activation",
    )
    words = ("gelu", "approximate", "tanh", "erf", "transformer outputs differ slightly")
    gap, units = 0.00018, 3.9e3
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
    """GPT-2's "gelu_new" is the approximation by tanh; Keras's activation "gelu" is the exact one.

    torch's GELU(approximate="tanh") is keras.activations.gelu(x, approximate=True).
    """

    name, apis = "ACT-GELU-TANH", ("torch.nn.GELU", "keras.activations.gelu", "keras.layers.Activation")
    words = ("gelu_new", "gelu_pytorch_tanh", "approximate", "tanh", "GPT-2")
    gap, units = 0.0002, 4e3
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

        layer = keras.layers.Activation(keras.ops.gelu)
        return layer(x)  # approximates by default: ACT-GELU-DEF

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
    gap, units = float("inf"), 8.8e5
    gives = {"torch": "float32 [0]", "keras": "float32 [-5.92e-09]"}
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
    dtype, gap, units = "float64", 1.6e-09, 1.9e7
    source = "tensorflow/python/ops/nn_ops.py, gelu"
    cure = "0.5 * x * tf.math.erfc(-x / np.sqrt(2))"
    script = """
        import math

        import tensorflow as tf

        found = float(tf.nn.gelu(tf.constant(1.0, tf.float64)))
        right = 0.5 * (1 + math.erf(1 / math.sqrt(2)))
        assert abs(found - right) < 1e-12, f"{found} is not {right}"
    """

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
