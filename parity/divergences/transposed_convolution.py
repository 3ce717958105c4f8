"""Transposed convolution: padding, and the size of the picture.  Images are nchw and kernels iohw, as in torch."""

from parity.divergences.entry import Divergence


def _inputs(rng):
    return {
        "x": rng.normal(size=(2, 3, 8, 8)),
        "w": rng.normal(size=(3, 4, 3, 3)),
    }


def _keras_conv(x, w, **options):
    """Keras's layer with torch's kernel, image and layout of the output."""
    import keras

    layer = keras.layers.Conv2DTranspose(
        w.shape[1],
        w.shape[2],
        use_bias=False,
        **options,
    )
    layer.build((None, None, None, w.shape[0]))
    layer.set_weights([keras.ops.transpose(w, (2, 3, 1, 0))])
    return keras.ops.transpose(
        layer(keras.ops.transpose(x, (0, 2, 3, 1))),
        (0, 3, 1, 2),
    )


class ConvtSame(Divergence):
    """Keras's transposed convolution with 'same' crops the end alone; torch's padding crops both sides.

    A 3x3 kernel at stride 2 makes 17 of 8.  'same' keeps the first 16; torch's padding=1 with output_padding=1 keeps
    the last 16.  The shapes agree, and every picture is shifted by a pixel.  For k - stride even, as in 4x4 at
    stride 2, both crop alike (CONVT-EVEN).
    """

    name, apis = "CONVT-SAME", ("torch.nn.ConvTranspose2d", "keras.layers.Conv2DTranspose")
    words = ("deconvolution", "transposed convolution", "padding same", "output_padding", "shifted", "CONVT", "U-Net")
    gap, units = 1.41, 2.3e7
    source = "torch.nn.ConvTranspose2d; keras/src/backend/common/backend_utils.py, compute_conv_transpose_output_shape"
    cure = "torch: no padding, and crop the end: F.conv_transpose2d(x, w, stride=2)[..., :-1, :-1]"

    inputs = _inputs

    def torch(x, w):
        import torch

        return torch.nn.functional.conv_transpose2d(
            x,
            w,
            stride=2,
            padding=1,
            output_padding=1,
        )

    def keras(x, w):
        return _keras_conv(x, w, strides=2, padding="same")

    def aligned_torch(x, w):
        import torch

        whole = torch.nn.functional.conv_transpose2d(x, w, stride=2)
        return whole[..., :-1, :-1]

    def recognise(a, b):
        odd = any((k - s) % 2 for k, s in zip(b.kernel_size, b.strides))
        return b.padding == "same" and max(b.strides) > 1 and odd and any(a.padding)

    def pair():
        import keras
        import torch

        transposed = torch.nn.ConvTranspose2d(3, 4, 3, stride=2, padding=1, output_padding=1)
        return transposed, keras.layers.Conv2DTranspose(4, 3, strides=2, padding="same")

    def aligned_pair():
        import keras
        import torch

        transposed = torch.nn.ConvTranspose2d(3, 4, 3, stride=2)  # its end is cropped afterwards
        return transposed, keras.layers.Conv2DTranspose(4, 3, strides=2, padding="same")


class ConvtSize(Divergence):
    """The usual 3x3 layer at stride 2 with padding=1 makes 15 of 8 in torch, and 16 with 'same' in Keras.

    Several sizes are convolved to the same one, so the inverse is not unique: output_padding chooses among them.
    Keras derives it from 'same'; torch takes 0.  What is compared here are the shapes.
    """

    name, apis = "CONVT-SIZE", ("torch.nn.ConvTranspose2d", "keras.layers.Conv2DTranspose")
    words = ("output_padding", "output shape", "one pixel too small", "deconvolution", "transposed convolution")
    gap = 0.065
    source = "torch.nn.ConvTranspose2d, output_padding; keras.layers.Conv2DTranspose, Output shape"
    cure = "output_padding=1 for the shape, and CONVT-SAME for the values"

    inputs = _inputs

    def torch(x, w):
        import torch

        return torch.nn.functional.conv_transpose2d(
            x,
            w,
            stride=2,
            padding=1,
        ).shape

    def keras(x, w):
        return _keras_conv(x, w, strides=2, padding="same").shape

    def aligned_torch(x, w):
        import torch

        return torch.nn.functional.conv_transpose2d(
            x,
            w,
            stride=2,
            padding=1,
            output_padding=1,
        ).shape

    def recognise(a, b):
        sizes = zip(a.kernel_size, a.stride, a.padding, a.output_padding)
        return b.padding == "same" and any(p and k - s != 2 * p - o for k, s, p, o in sizes)

    def pair():
        import keras
        import torch

        transposed = torch.nn.ConvTranspose2d(3, 4, 3, stride=2, padding=1)
        return transposed, keras.layers.Conv2DTranspose(4, 3, strides=2, padding="same")

    def aligned_pair():
        import keras
        import torch

        transposed = torch.nn.ConvTranspose2d(3, 4, 3, stride=2)  # its end is cropped afterwards
        return transposed, keras.layers.Conv2DTranspose(4, 3, strides=2, padding="same")


class ConvtEven(Divergence):
    """A 4x4 transposed convolution at stride 2 with padding=1 is Keras's 'same'.

    k - stride is even, so both crop one pixel on each side.  DCGAN's layers have this form, and port as they are.
    """

    name, apis = "CONVT-EVEN", ("torch.nn.ConvTranspose2d", "keras.layers.Conv2DTranspose")
    words = ("DCGAN", "deconvolution", "transposed convolution", "padding same", "kernel_size 4")
    gap, equal = 0, True
    source = "torch.nn.ConvTranspose2d; keras/src/backend/common/backend_utils.py, compute_conv_transpose_output_shape"
    cure = "nothing to align"

    def inputs(rng):
        return {
            "x": rng.normal(size=(2, 3, 8, 8)),
            "w": rng.normal(size=(3, 4, 4, 4)),
        }

    def torch(x, w):
        import torch

        return torch.nn.functional.conv_transpose2d(x, w, stride=2, padding=1)

    def keras(x, w):
        return _keras_conv(x, w, strides=2, padding="same")
