"""What dtype comes of two, or of a Python number."""

import numpy as np

from parity.divergences.entry import Divergence


class DtDefault(Divergence):
    """A Python number becomes float32 and int64 in torch, float32 and int32 in TensorFlow, float64 and int64 in NumPy.

    Counters beyond 2**31 and comparisons of dtypes meet the second, checks of gradients the third.
    """

    name, apis = "DT-DEFAULT", ("torch.tensor", "tf.constant", "numpy.array", "keras.ops.convert_to_tensor")
    words = ("default dtype", "int32", "float64", "literal")
    gap = float("inf")
    gives = {"torch": "float32 int64", "tf": "float32 int32", "numpy": "float64 int64"}
    source = "torch.get_default_dtype; tf.convert_to_tensor; numpy.array"
    cure = "give the dtype"

    def torch():
        import torch

        return f"{torch.tensor([1.0]).dtype} {torch.tensor([1]).dtype}".replace(
            "torch.",
            "",
        )

    def tf():
        import tensorflow as tf

        return f"{tf.constant([1.0]).dtype.name} {tf.constant([1]).dtype.name}"

    def numpy():
        import numpy as np

        return f"{np.array([1.0]).dtype} {np.array([1]).dtype}"

    def aligned_tf():
        import tensorflow as tf

        real, whole = tf.constant([1.0]), tf.constant([1], tf.int64)
        return f"{real.dtype.name} {whole.dtype.name}"

    def aligned_numpy():
        import numpy as np

        return f"{np.array([1.0], 'float32').dtype} {np.array([1]).dtype}"


class DtPromo(Divergence):
    """TensorFlow refuses to add an integer and a float; torch, NumPy and keras.ops promote.

    So it does with float32 and float64.  A Python number adapts to the tensor; a tensor does not.
    """

    name, apis = "DT-PROMO", ("torch.add", "tf.add", "keras.ops.add", "numpy.add")
    words = (
        "cannot compute AddV2",
        "was expected to be a int64 tensor but is a float tensor",
        "type promotion",
        "mixed dtypes",
    )
    gap = float("inf")
    gives = {"torch": "float32 [-0.211, 2.43]", "keras": "float32 [-0.211, 2.43]"}
    raises = {"tf": ("InvalidArgumentError", "was expected to be a int64 tensor but is a float tensor")}
    source = "torch, Type promotion; tf.experimental.numpy.experimental_enable_numpy_behavior"
    cure = "tf.cast; or keras.ops.add"

    def inputs(rng):
        return {"n": np.array([1, 2]), "x": rng.normal(size=2)}

    def torch(n, x):
        return n + x

    def tf(n, x):
        return n + x

    def keras(n, x):
        import keras

        return keras.ops.add(n, x)

    def aligned_tf(n, x):
        import tensorflow as tf

        return tf.cast(n, x.dtype) + x


class DtI64f32(Divergence):
    """int64 and float32 make float32 in torch and Keras, and float64 in NumPy.

    NumPy wants every integer to be exact.  A label that is multiplied into a prediction doubles its width there.
    """

    name, apis = "DT-I64F32", ("torch.result_type", "keras.ops.add", "numpy.result_type")
    words = ("promotion", "float64", "int64", "NumPy is slower")
    gap = float("inf")
    gives = {"torch": "float32", "keras": "float32", "numpy": "float64"}
    source = "torch, Type promotion; NumPy, Data type promotion"
    cure = "cast the integers: n.astype(x.dtype)"

    def torch():
        import torch

        total = torch.ones(2, dtype=torch.int64) + torch.ones(2)
        return str(total.dtype).removeprefix("torch.")

    def keras():
        import keras

        total = keras.ops.add(keras.ops.ones(2, "int64"), keras.ops.ones(2))
        return total.dtype.name

    def numpy():
        import numpy as np

        return str((np.ones(2, "int64") + np.ones(2, "float32")).dtype)

    def aligned_numpy():
        import numpy as np

        total = np.ones(2, "int64").astype("float32") + np.ones(2, "float32")
        return str(total.dtype)


class Dt0dim(Divergence):
    """float32 plus a 0-d float64 is float32 in torch, float64 in NumPy, and an error in TensorFlow.

    torch takes a tensor without axes for a Python number.  NumPy does so no longer, since version 2.
    """

    name, apis = "DT-0DIM", ("torch.result_type", "tf.add", "numpy.add")
    words = ("0-d tensor", "scalar tensor", "NEP 50", "float64", "promotion")
    gap = float("inf")
    gives = {"torch": "float32", "numpy": "float64"}
    raises = {"tf": ("InvalidArgumentError", "was expected to be a float tensor but is a double tensor")}
    source = "torch, Type promotion; NEP 50; tf.add"
    cure = "Python numbers for constants: float(c)"

    def torch():
        import torch

        total = torch.ones(2) + torch.tensor(0.5, dtype=torch.float64)
        return str(total.dtype).removeprefix("torch.")

    def tf():
        import tensorflow as tf

        return (tf.ones(2) + tf.constant(0.5, tf.float64)).dtype.name

    def numpy():
        import numpy as np

        return str((np.ones(2, "float32") + np.float64(0.5)).dtype)

    def aligned_tf():
        import tensorflow as tf

        return (tf.ones(2) + float(tf.constant(0.5, tf.float64))).dtype.name

    def aligned_numpy():
        import numpy as np

        return str((np.ones(2, "float32") + float(np.float64(0.5))).dtype)


class DtDiv(Divergence):
    """An integer by an integer is float32 in torch and keras.ops, and float64 in TensorFlow and NumPy.

    The value is right in each.  The next operation with a float32 tensor is then an error in TensorFlow (DT-PROMO).
    """

    name, apis = "DT-DIV", ("torch.div", "tf.divide", "keras.ops.divide", "numpy.divide")
    words = ("integer division", "true division", "float64", "int32")
    gap = float("inf")
    gives = {"torch": "float32", "tf": "float64", "numpy": "float64", "keras": "float32"}
    source = "torch.div; tf.truediv; numpy.divide"
    cure = "cast first: tf.cast(n, tf.float32) / m"

    def torch():
        import torch

        return str((torch.tensor([1]) / torch.tensor([2])).dtype).removeprefix(
            "torch.",
        )

    def tf():
        import tensorflow as tf

        return (tf.constant([1]) / tf.constant([2])).dtype.name

    def numpy():
        import numpy as np

        return str((np.array([1]) / np.array([2])).dtype)

    def keras():
        import keras

        return keras.ops.divide(
            keras.ops.array([1]),
            keras.ops.array([2]),
        ).dtype.name

    def aligned_tf():
        import tensorflow as tf

        return (tf.cast([1], tf.float32) / tf.cast([2], tf.float32)).dtype.name

    def aligned_numpy():
        import numpy as np

        return str((np.array([1], "float32") / np.array([2], "float32")).dtype)


class DtU8(Divergence):
    """uint8 plus 256 wraps in torch and TensorFlow, and is an OverflowError in NumPy.

    Pictures are uint8.  256 itself does not fit; NumPy refuses it since version 2.  What overflows in the addition
    wraps everywhere.
    """

    name, apis = "DT-U8", ("torch.add", "tf.add", "numpy.add")
    words = ("uint8", "overflow", "out of bounds for uint8", "wraps around", "picture arithmetic")
    gap = float("inf")
    gives = {"torch": "uint8 [1]", "tf": "uint8 [1]"}
    raises = {"numpy": ("OverflowError", "Python integer 256 out of bounds for uint8")}
    source = "NEP 50; torch, Type promotion"
    cure = 'cast first: x.astype("int32") + 256'

    def torch():
        import torch

        return torch.tensor([1], dtype=torch.uint8) + 256

    def tf():
        import tensorflow as tf

        return tf.constant([1], tf.uint8) + 256

    def numpy():
        import numpy as np

        return np.array([1], "uint8") + 256

    def aligned_torch():
        import torch

        return torch.tensor([1], dtype=torch.uint8).int() + 256

    def aligned_tf():
        import tensorflow as tf

        return tf.cast(tf.constant([1], tf.uint8), tf.int32) + 256

    def aligned_numpy():
        import numpy as np

        return np.array([1], "uint8").astype("int32") + 256
