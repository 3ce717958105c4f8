"""Pooling: padding and shapes.  Images are nchw, as in torch."""

from parity.divergences.entry import Divergence


class PoolSame(Divergence):
    """Keras's 'same' max-pool at stride 2 pads an even size below and to the right; torch's padding is on both sides.

    The windows are shifted by a pixel, as in CONV-SAME-S2.  Padding is never a maximum in either.  Whoever pads by
    hand must pad with -inf: with zeros the border of a negative image becomes zero.  After a ReLU zeros do too.
    """

    name, apis = "POOL-SAME", ("torch.nn.MaxPool2d", "keras.layers.MaxPooling2D")
    words = ("max pool padding", "same", "asymmetric padding", "shifted", "border")
    gap = 0.39
    source = "torch.nn.MaxPool2d, padding; tf.nn, Notes on padding"
    cure = 'F.pad(x, (0, 1, 0, 1), value=-inf) and no padding; in Keras keras.ops.pad with -inf, then "valid"'

    def inputs(rng):
        return {"x": rng.normal(-3, 1, (2, 3, 8, 8))}  # negative: a padding of zeros would be seen

    def torch(x):
        import torch

        return torch.nn.MaxPool2d(3, stride=2, padding=1)(x)

    def keras(x):
        import keras

        nhwc = keras.ops.transpose(x, (0, 2, 3, 1))
        return keras.ops.transpose(keras.layers.MaxPooling2D(3, strides=2, padding="same")(nhwc), (0, 3, 1, 2))

    def aligned_torch(x):
        import torch

        x = torch.nn.functional.pad(x, (0, 1, 0, 1), value=float("-inf"))
        return torch.nn.MaxPool2d(3, stride=2)(x)


class PoolGap(Divergence):
    """torch's global average pooling keeps two axes of length one; Keras's drops them.

    (n, c, 1, 1) against (n, c).  A linear layer after torch's fails, or works on the wrong axis.
    """

    name, apis = "POOL-GAP", ("torch.nn.AdaptiveAvgPool2d", "keras.layers.GlobalAveragePooling2D")
    words = ("global average pooling", "shape", "flatten", "keepdims")
    gap = float("inf")
    source = "torch.nn.AdaptiveAvgPool2d, Shape; keras.layers.GlobalAveragePooling2D, Output shape"
    cure = ".flatten(1) after torch's; or keepdims=True in Keras"

    def inputs(rng):
        return {"x": rng.normal(1, 1, (2, 3, 8, 8))}

    def torch(x):
        import torch

        return torch.nn.AdaptiveAvgPool2d(1)(x)

    def keras(x):
        import keras

        return keras.layers.GlobalAveragePooling2D()(keras.ops.transpose(x, (0, 2, 3, 1)))

    def aligned_torch(x):
        import torch

        return torch.nn.AdaptiveAvgPool2d(1)(x).flatten(1)
