"""Convolution: the kernel's direction, its dilation, its groups.  Images are nchw and kernels oihw, as in torch."""

import numpy as np

from parity.divergences.entry import Divergence


def _keras_conv(x, w, **options):
    """Keras's layer with torch's kernel, image and layout of the output."""
    import keras

    layer = keras.layers.Conv2D(
        w.shape[0],
        w.shape[2],
        use_bias=False,
        **options,
    )
    layer.build((None, None, None, w.shape[1]))
    layer.set_weights([keras.ops.transpose(w, (2, 3, 1, 0))])
    return keras.ops.transpose(
        layer(keras.ops.transpose(x, (0, 2, 3, 1))),
        (0, 3, 1, 2),
    )


class ApiConv(Divergence):
    """ "Convolution" is a cross-correlation in torch, Keras and TensorFlow; NumPy's and SciPy's flip the kernel.

    Where the kernel is learnt it makes no difference.  A filter that is written down, a Sobel edge for instance, comes
    out mirrored.
    """

    name, apis = "API-CONV", ("torch.nn.functional.conv1d", "tf.nn.conv1d", "numpy.convolve", "keras.ops.conv")
    words = ("cross-correlation", "flipped kernel", "np.convolve", "scipy.signal.convolve")
    gap, units = 2, 3.5e7
    arguments = ("convolve",)
    source = "torch.nn.Conv1d; tf.nn.convolution; numpy.convolve"
    cure = "numpy.correlate, or numpy.convolve(x, w[::-1])"

    def inputs(rng):
        return {"x": rng.normal(size=16), "w": np.array([1.0, 0.0, -1.0])}

    def torch(x, w):
        import torch

        return torch.nn.functional.conv1d(x[None, None], w[None, None])[0, 0]

    def tf(x, w):
        import tensorflow as tf

        out = tf.nn.conv1d(x[None, :, None], w[:, None, None], 1, "VALID")
        return out[0, :, 0]

    def numpy(x, w):

        return np.convolve(x, w, "valid")

    def aligned_numpy(x, w):

        return np.correlate(x, w, "valid")


class ConvDilated(Divergence):
    """A dilated 'same' convolution at stride 1 is torch's with padding=dilation.

    For a 3x3 kernel.  Both spread the kernel, and pad half of what it covers.
    """

    name, apis = "CONV-DILATED", ("torch.nn.Conv2d", "keras.layers.Conv2D")
    words = ("dilation", "dilation_rate", "atrous", "padding same")
    gap, equal = 0, True
    source = "torch.nn.Conv2d, dilation; keras.layers.Conv2D, dilation_rate"
    cure = "nothing to align"

    def inputs(rng):
        return {
            "x": rng.normal(size=(2, 3, 8, 8)),
            "w": rng.normal(size=(4, 3, 3, 3)),
        }

    def torch(x, w):
        import torch

        return torch.nn.functional.conv2d(x, w, dilation=2, padding=2)

    def keras(x, w):
        return _keras_conv(x, w, dilation_rate=2, padding="same")


class ConvDepthwise(Divergence):
    """A depthwise convolution orders its outputs alike: channel by channel, and the multiplier within.

    torch writes it as groups=channels, with a kernel (channels · multiplier, 1, h, w); Keras's is (h, w, channels,
    multiplier).
    """

    name, apis = "CONV-DEPTHWISE", ("torch.nn.Conv2d", "keras.layers.DepthwiseConv2D")
    words = ("depthwise", "groups", "depth_multiplier", "MobileNet", "separable")
    gap, equal = 0, True
    source = "torch.nn.Conv2d, groups; keras.layers.DepthwiseConv2D"
    cure = "nothing to align but the kernel's axes"

    def inputs(rng):
        return {
            "x": rng.normal(size=(2, 3, 8, 8)),
            "w": rng.normal(size=(6, 1, 3, 3)),
        }

    def torch(x, w):
        import torch

        return torch.nn.functional.conv2d(x, w, groups=3)

    def keras(x, w):
        import keras

        layer = keras.layers.DepthwiseConv2D(
            3,
            depth_multiplier=2,
            use_bias=False,
        )
        layer.build((None, None, None, 3))
        layer.set_weights(
            [
                keras.ops.transpose(
                    keras.ops.reshape(w, (3, 2, 3, 3)),
                    (2, 3, 0, 1),
                ),
            ],
        )
        return keras.ops.transpose(
            layer(keras.ops.transpose(x, (0, 2, 3, 1))),
            (0, 3, 1, 2),
        )
