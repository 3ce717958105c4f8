"""Pooling: padding and shapes.  Images are nchw, as in torch."""

import numpy as np

from parity.divergences.entry import Divergence


class PoolSame(Divergence):
    """Keras's 'same' max-pool at stride 2 pads an even size below and to the right; torch's padding is on both sides.

    The windows are shifted by a pixel, as in CONV-SAME-S2.  Padding is never a maximum in either.  Whoever pads by
    hand must pad with -inf: with zeros the border of a negative image becomes zero.  After a ReLU zeros do too.
    """

    name, apis = "POOL-SAME", ("torch.nn.MaxPool2d", "keras.layers.MaxPooling2D")
    words = ("max pool padding", "same", "asymmetric padding", "shifted", "border")
    gap, units = 0.39, 9.2e6
    source = "torch.nn.MaxPool2d, padding; tf.nn, Notes on padding"
    cure = 'F.pad(x, (0, 1, 0, 1), value=-inf) and no padding; in Keras keras.ops.pad with -inf, then "valid"'

    def inputs(rng):
        return {
            "x": rng.normal(-3, 1, (2, 3, 8, 8)),
        }  # negative: a padding of zeros would be seen

    def torch(x):
        import torch

        return torch.nn.MaxPool2d(3, stride=2, padding=1)(x)

    def keras(x):
        import keras

        nhwc = keras.ops.transpose(x, (0, 2, 3, 1))
        return keras.ops.transpose(
            keras.layers.MaxPooling2D(3, strides=2, padding="same")(nhwc),
            (0, 3, 1, 2),
        )

    def aligned_torch(x):
        import torch

        x = torch.nn.functional.pad(x, (0, 1, 0, 1), value=float("-inf"))
        return torch.nn.MaxPool2d(3, stride=2)(x)

    def recognise(a, b):
        padded = a.padding if isinstance(a.padding, tuple) else (a.padding,)
        return b.padding == "same" and max(b.strides) > 1 and any(padded)

    def pair():
        import keras
        import torch

        return torch.nn.MaxPool2d(3, stride=2, padding=1), keras.layers.MaxPooling2D(3, strides=2, padding="same")

    def aligned_pair():
        import keras
        import torch

        return torch.nn.MaxPool2d(3, stride=2), keras.layers.MaxPooling2D(3, strides=2, padding="same")  # after F.pad


class PoolGap(Divergence):
    """torch's global average pooling keeps two axes of length one; Keras's drops them.

    (n, c, 1, 1) against (n, c).  A linear layer after torch's fails, or works on the wrong axis.
    """

    name, apis = "POOL-GAP", ("torch.nn.AdaptiveAvgPool2d", "keras.layers.GlobalAveragePooling2D")
    words = ("global average pooling", "shape", "flatten", "keepdims")
    gap = float("inf")
    gives = {
        "torch": "float32 [[[[1.04]], [[0.975]], [[0.995]]], [[[1.15]], [[1.15]], [[0.873]]]]",
        "keras": "float32 [[1.04, 0.975, 0.995], [1.15, 1.15, 0.873]]",
    }
    source = "torch.nn.AdaptiveAvgPool2d, Shape; keras.layers.GlobalAveragePooling2D, Output shape"
    cure = ".flatten(1) after torch's; or keepdims=True in Keras"

    def inputs(rng):
        return {"x": rng.normal(1, 1, (2, 3, 8, 8))}

    def torch(x):
        import torch

        return torch.nn.AdaptiveAvgPool2d(1)(x)

    def keras(x):
        import keras

        layer = keras.layers.GlobalAveragePooling2D()
        return layer(keras.ops.transpose(x, (0, 2, 3, 1)))

    def aligned_torch(x):
        import torch

        return torch.nn.AdaptiveAvgPool2d(1)(x).flatten(1)


class PoolAvgpad(Divergence):
    """torch's average over a window counts the zeros of the padding; Keras's divides by what is inside.

    The border of the picture is darker in torch: a corner of ones becomes 4/9.
    """

    name, apis = "POOL-AVGPAD", ("torch.nn.AvgPool2d", "keras.layers.AveragePooling2D")
    words = ("average pooling padding", "count_include_pad", "border", "corner", "same")
    gap, units = 0.274, 7.4e6
    source = "torch.nn.AvgPool2d, count_include_pad; tf.nn.avg_pool"
    cure = "torch.nn.AvgPool2d(..., count_include_pad=False)"

    def inputs(rng):
        return {"x": rng.uniform(0, 1, (2, 3, 8, 8))}

    def torch(x):
        import torch

        return torch.nn.AvgPool2d(3, stride=1, padding=1)(x)

    def keras(x):
        import keras

        nhwc = keras.ops.transpose(x, (0, 2, 3, 1))
        return keras.ops.transpose(
            keras.layers.AveragePooling2D(3, strides=1, padding="same")(nhwc),
            (0, 3, 1, 2),
        )

    def aligned_torch(x):
        import torch

        return torch.nn.AvgPool2d(
            3,
            stride=1,
            padding=1,
            count_include_pad=False,
        )(x)

    def recognise(a, b):
        padded = a.padding if isinstance(a.padding, tuple) else (a.padding,)
        return b.padding == "same" and any(padded) and a.count_include_pad

    def pair():
        import keras
        import torch

        return torch.nn.AvgPool2d(3, 1, 1), keras.layers.AveragePooling2D(3, 1, "same")

    def aligned_pair():
        import keras
        import torch

        return torch.nn.AvgPool2d(3, 1, 1, count_include_pad=False), keras.layers.AveragePooling2D(3, 1, "same")


class PoolNan(Divergence):
    """A NaN survives torch's max-pool; TensorFlow's drops it on this processor.

    A window of NaN alone becomes -3.4e38, the start of the maximum.  Which it is depends on the processor and on the
    number of channels, so the NaN that a training produces may hide behind the next pooling.  It looks like a bug of
    TensorFlow, and is reported there.
    """

    name, apis = "POOL-NAN", ("torch.nn.MaxPool2d", "keras.layers.MaxPooling2D", "tf.nn.max_pool2d")
    words = ("nan", "max pool of nan", "nan disappears", "-3.4e38")
    gap = float("inf")
    gives = {"torch": "float32 [[[[nan]]]]", "keras": "float32 [[[[2]]]]"}
    source = "tensorflow#125965; torch/nn/functional.py, max_pool2d"
    cure = "look for NaN before the pooling: torch.isnan(x).any(), tf.debugging.check_numerics"
    script = """
        import tensorflow as tf

        x = tf.reshape([float("nan"), 1.0, 0.0, 2.0], (1, 2, 2, 1))
        pooled = float(tf.nn.max_pool2d(x, 2, 2, "VALID")[0, 0, 0, 0])
        assert pooled != pooled, f"the maximum of a NaN is {pooled}"
    """
    unaligned = "a NaN is to be found, not to be pooled"

    def inputs(rng):
        return {"x": np.array([[[[np.nan, 1.0], [0.0, 2.0]]]])}

    def torch(x):
        import torch

        return torch.nn.MaxPool2d(2)(x)

    def keras(x):
        import keras

        return keras.ops.transpose(
            keras.layers.MaxPooling2D(2)(keras.ops.transpose(x, (0, 2, 3, 1))),
            (0, 3, 1, 2),
        )


class PoolCeil(Divergence):
    """torch's ceil_mode is Keras's 'same' for a 2x2 max-pool.

    On seven pixels both make four: the last window hangs over the edge, and what is outside is no maximum.  It holds
    for a window as wide as its stride; where they overlap see POOL-SAME.
    """

    name, apis = "POOL-CEIL", ("torch.nn.MaxPool2d", "keras.layers.MaxPooling2D")
    words = ("ceil_mode", "odd size", "max pool", "same")
    gap, equal = 0, True
    source = "torch.nn.MaxPool2d, ceil_mode; tf.nn, Notes on padding"
    cure = 'nothing to align: ceil_mode=True is padding="same"'

    def inputs(rng):
        return {
            "x": rng.normal(-3, 1, (2, 3, 7, 7)),
        }  # negative: a padding of zeros would be seen

    def torch(x):
        import torch

        return torch.nn.MaxPool2d(2, ceil_mode=True)(x)

    def keras(x):
        import keras

        nhwc = keras.ops.transpose(x, (0, 2, 3, 1))
        return keras.ops.transpose(
            keras.layers.MaxPooling2D(2, padding="same")(nhwc),
            (0, 3, 1, 2),
        )


class PoolFloor(Divergence):
    """Both drop the last row and column of an odd picture in a 2x2 pooling without padding.

    Keras's default is 'valid' and torch's ceil_mode is off: seven pixels become three.
    """

    name, apis = "POOL-FLOOR", ("torch.nn.MaxPool2d", "keras.layers.MaxPooling2D", "keras.layers.AveragePooling2D")
    words = ("odd size", "valid", "default padding", "max pool")
    gap, equal = 0, True
    source = "torch.nn.MaxPool2d, Shape; keras.layers.MaxPooling2D, Output shape"
    cure = "nothing to align"

    def inputs(rng):
        return {"x": rng.normal(size=(2, 3, 7, 7))}

    def torch(x):
        import torch

        return torch.nn.MaxPool2d(2)(x)

    def keras(x):
        import keras

        return keras.ops.transpose(
            keras.layers.MaxPooling2D(2)(keras.ops.transpose(x, (0, 2, 3, 1))),
            (0, 3, 1, 2),
        )


class Lrn(Divergence):
    """Local response normalisation has other defaults, and torch divides alpha by the size of the window.

    torch: size 5, alpha 1e-4, beta 0.75, k 1.  TensorFlow: a radius of 5, so eleven channels, alpha 1, beta 0.5.
    The window reaches depth_radius to both sides.
    """

    name, apis = "LRN", ("torch.nn.LocalResponseNorm", "tf.nn.local_response_normalization")
    words = ("local response normalization", "AlexNet", "depth_radius", "alpha", "lrn")
    gap, units = 0.665, 1.4e7
    source = "torch.nn.LocalResponseNorm; tf.nn.local_response_normalization"
    cure = "depth_radius=(size - 1) // 2, alpha=alpha / size, beta=0.75, bias=1"

    def inputs(rng):
        return {"x": rng.normal(size=(2, 8, 3, 3))}

    def torch(x):
        import torch

        return torch.nn.LocalResponseNorm(5)(x)

    def tf(x):
        import tensorflow as tf

        nhwc = tf.transpose(x, (0, 2, 3, 1))
        return tf.transpose(
            tf.nn.local_response_normalization(nhwc),
            (0, 3, 1, 2),
        )

    def aligned_tf(x):
        import tensorflow as tf

        nhwc = tf.transpose(x, (0, 2, 3, 1))
        a = tf.nn.local_response_normalization(
            nhwc,
            depth_radius=2,
            bias=1.0,
            alpha=1e-4 / 5,
            beta=0.75,
        )
        return tf.transpose(a, (0, 3, 1, 2))
