"""Dtypes: casts that nobody asked for, integers, ranges."""

import numpy as np

from parity.divergences.entry import Divergence


class DtF64in(Divergence):
    """A layer refuses NumPy's float64 in torch; Keras casts it to float32 without a word.

    from_numpy keeps float64, and so does tf.constant; Keras layers cast what they are called with.
    """

    name, apis = "DT-F64IN", ("torch.nn.Linear", "torch.from_numpy", "keras.layers.Dense")
    words = (
        "mat1 and mat2 must have the same dtype, but got Double and Float",
        "expected scalar type Float but found Double",
        "float64 input",
        "autocast",
    )
    gap = float("inf")
    gives = {"keras": "float32 [[5.21], [4.33], [2.1], [0.436]]"}
    raises = {"torch": ("RuntimeError", "mat1 and mat2 must have the same dtype, but got Double and Float")}
    source = "torch.nn.Linear; keras.layers.Layer, autocast"
    cure = "x.float()"

    def inputs(rng):
        return {"x": rng.normal(1, 1, (4, 3))}

    def torch(x):
        import torch

        return torch.nn.functional.linear(
            x.double(),
            torch.ones(1, 3),
            torch.zeros(1),
        )

    def keras(x):
        import keras

        layer = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")
        return layer(keras.ops.cast(x, "float64"))

    def aligned_torch(x):
        import torch

        x = x.double().to(torch.get_default_dtype())
        return torch.nn.functional.linear(x, torch.ones(1, 3), torch.zeros(1))


class DtDiv0(Divergence):
    """An integer division by zero is an error in torch and TensorFlow, and 0 with a warning in NumPy.

    The classes differ: RuntimeError "ZeroDivisionError" and InvalidArgumentError.  In floating point all return
    inf.
    """

    name, apis = "DT-DIV0", ("torch.floor_divide", "tf.math.floordiv", "numpy.floor_divide")
    words = ("ZeroDivisionError", "Integer division by zero", "divide by zero encountered")
    gap = float("inf")
    gives = {"numpy": "int64 [0]"}
    raises = {
        "torch": ("RuntimeError", "ZeroDivisionError"),
        "tf": ("InvalidArgumentError", "Integer division by zero"),
    }
    warns = {"numpy": "divide by zero encountered"}
    source = "torch.floor_divide; numpy.seterr"
    cure = "divide by max(n, 1)"
    unaligned = "it is not defined; a program that reaches it is to be repaired"

    def torch():
        import torch

        return torch.tensor([1]) // torch.tensor([0])

    def tf():
        import tensorflow as tf

        return tf.constant([1]) // tf.constant([0])

    def numpy():

        return np.array([1]) // np.array([0])


class DtMix(Divergence):
    """An array times a torch tensor is a TypeError; times a TensorFlow tensor it works.

    The other order works in torch too.  It depends on versions: torch 2.13 with NumPy 2.4.
    """

    name, apis = "DT-MIX", ("numpy.multiply", "torch.mul", "tf.multiply")
    words = ("unsupported operand type(s) for *: 'numpy.ndarray' and 'Tensor'", "NumPy and torch", "mixed")
    gap = float("inf")
    gives = {"tf": "float32 [0.185, 0.124, -2.18]"}
    raises = {"torch": ("TypeError", "unsupported operand type")}
    source = "torch.from_numpy and numpy.multiply: neither page defines it"
    cure = "torch.from_numpy(array) * x"

    def inputs(rng):
        return {"x": rng.normal(size=3)}

    def torch(x):

        return np.full(3, 2.0, "float32") * x

    def tf(x):

        return np.full(3, 2.0, "float32") * x

    def aligned_torch(x):
        import torch

        return torch.from_numpy(np.full(3, 2.0, "float32")) * x


class DtArange(Divergence):
    """The range 1, 1.1, 1.2 below 1.3 has four numbers in torch and NumPy, and three in TensorFlow and Keras.

    The length is the ceiling of (1.3 - 1) / 0.1, computed in float64 or in float32.  A table of positions is so one
    row longer.
    """

    name, apis = "DT-ARANGE", ("torch.arange", "tf.range", "keras.ops.arange", "numpy.arange")
    words = ("arange length", "off by one", "float step", "linspace")
    gap = float("inf")
    gives = {
        "torch": "float32 [1, 1.1, 1.2, 1.3]",
        "tf": "float32 [1, 1.1, 1.2]",
        "numpy": "float64 [1, 1.1, 1.2, 1.3]",
    }
    source = "torch.arange; tf.range; numpy.arange"
    cure = "linspace with the number of points"

    def torch():
        import torch

        return torch.arange(1, 1.3, 0.1)

    def tf():
        import tensorflow as tf

        return tf.range(1, 1.3, 0.1)

    def numpy():

        return np.arange(1, 1.3, 0.1)

    def aligned_torch():
        import torch

        return torch.linspace(1, 1.2, 3)

    def aligned_tf():
        import tensorflow as tf

        return tf.linspace(1.0, 1.2, 3)

    def aligned_numpy():

        return np.linspace(1, 1.2, 3)


class ApiFloat1(Divergence):
    """float() of a tensor with one element works in torch; TensorFlow and NumPy want it without axes.

    NumPy 2.4 has turned its warning into this error, and TensorFlow's .numpy() with it.
    """

    name, apis = "API-FLOAT1", ("torch.Tensor.item", "numpy.ndarray.item", "tf.Tensor.numpy")
    words = ("only 0-dimensional arrays can be converted to Python scalars", "float of tensor", "item")
    gap = float("inf")
    gives = {"torch": "float64 0.362"}
    raises = {
        "tf": ("TypeError", "only 0-dimensional arrays can be converted"),
        "numpy": ("TypeError", "only 0-dimensional arrays can be converted"),
    }
    source = "numpy.ndarray; torch.Tensor.item"
    cure = "x.item(); x[0]; tf.squeeze(x)"

    def inputs(rng):
        return {"x": rng.normal(size=1)}

    def torch(x):
        return float(x)

    def tf(x):
        return float(x)

    def numpy(x):
        return float(x)

    def aligned_tf(x):
        return float(x[0])

    def aligned_numpy(x):
        return x.item()


class DtCastf64(Divergence):
    """tf.cast takes a Python number through float32 on its way to float64.

    0.1 becomes 0.10000000149.  tf.constant does not.  It looks like a bug of TensorFlow, and lies behind ACT-
    GELU-F64.
    """

    name, apis = "DT-CASTF64", ("tf.cast", "tf.constant", "torch.tensor")
    words = ("tf.cast", "float64", "double precision", "0.10000000149")
    dtype, gap, units = "float64", 1.5e-08, 2.3e8
    source = "tensorflow/python/ops/math_ops.py, cast"
    cure = "tf.constant(0.1, tf.float64)"
    script = """
        import tensorflow as tf

        cast = float(tf.cast(0.1, tf.float64))
        assert cast == 0.1, f"{cast} is not 0.1"
    """

    def torch():
        import torch

        return torch.tensor(0.1, dtype=torch.float64)

    def tf():
        import tensorflow as tf

        return tf.cast(0.1, tf.float64)

    def aligned_tf():
        import tensorflow as tf

        return tf.constant(0.1, tf.float64)


class DtWrap(Divergence):
    """int32 wraps around at 2**31 in each.

    2147483647 + 1 is -2147483648, without a warning.
    """

    name, apis = "DT-WRAP", ("torch.add", "tf.add", "numpy.add")
    words = ("int32 overflow", "wraps around")
    gap, equal = 0, True
    source = "torch.add; tf.add; numpy.add"
    cure = "nothing to align"

    def torch():
        import torch

        return torch.tensor([2**31 - 1], dtype=torch.int32) + 1

    def tf():
        import tensorflow as tf

        return tf.constant([2**31 - 1]) + 1

    def numpy():

        return np.array([2**31 - 1], "int32") + np.int32(1)


class DtNanint(Divergence):
    """NaN cast to int32 is the smallest number in each.

    It is what this processor does; none of them defines it.
    """

    name, apis = "DT-NANINT", ("torch.Tensor.int", "tf.cast", "numpy.ndarray.astype")
    words = ("nan to int", "cast of nan", "-2147483648")
    gap, equal = 0, True
    source = "torch.Tensor.to; tf.cast; numpy.ndarray.astype"
    cure = "nothing to align"

    def torch():
        import torch

        return torch.tensor([float("nan")]).int()

    def tf():
        import tensorflow as tf

        return tf.cast([float("nan")], tf.int32)

    def numpy():

        return np.array([np.nan], "float32").astype("int32")
