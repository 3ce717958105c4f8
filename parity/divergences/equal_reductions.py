"""Reductions, rounding and logarithms of sums that the frameworks compute alike."""

import numpy as np

from parity.divergences.entry import Divergence


class NanMax(Divergence):
    """A maximum of NaN and a number is NaN in each.

    As a reduction and of two tensors, in relu and in a clip.  It is argmax that differs (NAN-ARGMAX).  Shown is
    where the results are NaN.
    """

    name, apis = "NAN-MAX", ("torch.max", "torch.maximum", "tf.reduce_max", "tf.maximum", "tf.nn.relu", "numpy.max")
    words = ("nan", "max of nan", "relu of nan", "clip of nan")
    gap, equal = 0, True
    source = "torch.maximum; tf.maximum; numpy.maximum"
    cure = "nothing to align"

    def inputs(rng):
        return {"x": np.array([np.nan, 1.0])}

    def torch(x):
        import torch

        return torch.stack(
            [
                x.max(),
                x.maximum(torch.ones(2))[0],
                x.relu()[0],
                x.clamp(-1, 1)[0],
            ],
        ).isnan()

    def tf(x):
        import tensorflow as tf

        return tf.math.is_nan(
            tf.stack(
                [
                    tf.reduce_max(x),
                    tf.maximum(x, 1.0)[0],
                    tf.nn.relu(x)[0],
                    tf.clip_by_value(x, -1, 1)[0],
                ],
            ),
        )

    def numpy(x):
        import numpy as np

        return np.isnan(
            [
                x.max(),
                np.maximum(x, 1)[0],
                np.maximum(x, 0)[0],
                x.clip(-1, 1)[0],
            ],
        )


class ArgmaxTies(Divergence):
    """argmax of equal values is the first of them in each.

    Labels of a network that is all zero are so all 0.
    """

    name, apis = "ARGMAX-TIES", ("torch.argmax", "tf.argmax", "keras.ops.argmax", "numpy.argmax")
    words = ("argmax tie", "equal values", "predicted class")
    gap, equal = 0, True
    source = "torch.argmax; tf.argmax; numpy.argmax"
    cure = "nothing to align"

    def inputs(rng):
        return {
            "x": np.array([[1.0, 1.0, 0.0], [0.0, 2.0, 2.0], [0.0, 0.0, 0.0]]),
        }

    def torch(x):
        return x.argmax(1)

    def tf(x):
        import tensorflow as tf

        return tf.argmax(x, axis=1)

    def numpy(x):
        return x.argmax(1)


class Quantile(Divergence):
    """Quantiles are interpolated linearly in torch, Keras and NumPy.

    torch's median is another case (RED-MEDIAN).
    """

    name, apis = "QUANTILE", ("torch.quantile", "keras.ops.quantile", "numpy.quantile")
    words = ("quantile", "percentile", "interpolation")
    gap, equal = 0, True
    source = "torch.quantile; keras.ops.quantile; numpy.quantile"
    cure = "nothing to align"

    def inputs(rng):
        return {"x": rng.normal(size=6)}

    def torch(x):
        return x.quantile(0.3)

    def keras(x):
        import keras

        return keras.ops.quantile(x, 0.3)

    def numpy(x):
        import numpy as np

        return np.quantile(x, 0.3).astype(x.dtype)


class Logsumexp(Divergence):
    """logsumexp subtracts the maximum in each.

    1000 and -inf are no trouble.
    """

    name, apis = "LOGSUMEXP", ("torch.logsumexp", "tf.reduce_logsumexp", "keras.ops.logsumexp")
    words = ("logsumexp", "overflow", "log of sum of exponentials")
    gap, equal = 0, True
    source = "torch.logsumexp; tf.reduce_logsumexp"
    cure = "nothing to align"

    def inputs(rng):
        return {"x": np.array([[1000.0, 999.0], [-np.inf, 1.0]])}

    def torch(x):
        return x.logsumexp(1)

    def tf(x):
        import tensorflow as tf

        return tf.reduce_logsumexp(x, axis=1)

    def keras(x):
        import keras

        return keras.ops.logsumexp(x, axis=1)


class SoftmaxAllinf(Divergence):
    """The softmax of a row of -inf is NaN in each.

    An attention whose keys are all masked, for instance.  Shown is where the results are NaN.
    """

    name, apis = "SOFTMAX-ALLINF", ("torch.nn.functional.softmax", "tf.nn.softmax", "keras.ops.softmax")
    words = ("nan", "all keys masked", "fully masked row", "-inf")
    gap, equal = 0, True
    source = "torch.nn.Softmax; tf.nn.softmax"
    cure = "nothing to align; leave one key unmasked"

    def inputs(rng):
        return {"x": np.array([[-np.inf, -np.inf], [-np.inf, 0.0]])}

    def torch(x):
        return x.softmax(-1).isnan()

    def tf(x):
        import tensorflow as tf

        return tf.math.is_nan(tf.nn.softmax(x))


class LogsoftmaxInf(Divergence):
    """The log_softmax of -inf and a number is -inf and 0 in each.

    A masked logit so has the probability zero, and no NaN.
    """

    name, apis = "LOGSOFTMAX-INF", ("torch.nn.functional.log_softmax", "tf.nn.log_softmax", "keras.ops.log_softmax")
    words = ("log_softmax", "-inf", "masked logits")
    gap, equal = 0, True
    source = "torch.nn.LogSoftmax; tf.nn.log_softmax"
    cure = "nothing to align"

    def inputs(rng):
        return {"x": np.array([-np.inf, 0.0])}

    def torch(x):
        return x.log_softmax(-1)

    def tf(x):
        import tensorflow as tf

        return tf.nn.log_softmax(x)


class RoundHalf(Divergence):
    """A half is rounded to the even neighbour in each.

    0.5, 1.5 and 2.5 become 0, 2 and 2, as IEEE 754 has it.
    """

    name, apis = "ROUND-HALF", ("torch.round", "tf.round", "keras.ops.round", "numpy.round")
    words = ("rounding", "half to even", "banker's rounding", "quantisation")
    gap, equal = 0, True
    source = "torch.round; tf.round; numpy.round"
    cure = "nothing to align"

    def torch():
        import torch

        return torch.tensor([0.5, 1.5, 2.5, -0.5]).round()

    def tf():
        import tensorflow as tf

        return tf.round([0.5, 1.5, 2.5, -0.5])

    def numpy():
        import numpy as np

        return np.round([0.5, 1.5, 2.5, -0.5])


class Floordiv(Divergence):
    """Floor division and remainder of negative integers round down in each.

    -7 // 2 is -4, and -7 % 2 is 1, as in Python and unlike C.
    """

    name = "FLOORDIV"
    apis = (
        "torch.floor_divide", "torch.remainder", "tf.math.floordiv", "tf.math.floormod", "numpy.floor_divide",
    )  # fmt: skip
    words = ("floor division", "modulo of negative", "remainder")
    gap, equal = 0, True
    source = "torch.floor_divide; tf.math.floordiv; numpy.floor_divide"
    cure = "nothing to align"

    def inputs(rng):
        return {"n": np.array([-7, 7, -8])}

    def torch(n):
        import torch

        return torch.stack([n // 2, n % 2, n // -2, n % -2])

    def tf(n):
        import tensorflow as tf

        return tf.stack([n // 2, n % 2, n // -2, n % -2])

    def numpy(n):
        import numpy as np

        return np.stack([n // 2, n % 2, n // -2, n % -2])
