"""Convolution: padding and layout.  Images are nchw and kernels oihw, as in torch; Keras's are nhwc and hwio."""

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


class ConvSameS2(Divergence):
    """Keras's 'same' at stride 2 pads an even size below and to the right; torch's padding is on both sides.

    The outputs have one shape and are shifted by a pixel.  For a kernel k on an even size 'same' pads (k - 2) // 2
    before and k // 2 after: 0 and 1 for 3x3, 2 and 3 for ResNet's 7x7.  On an odd size they agree, so the size of the
    picture decides.  torch refuses padding='same' with a stride.
    """

    name = "CONV-SAME-S2"
    apis = (
        "torch.nn.Conv1d",
        "torch.nn.Conv2d",
        "torch.nn.Conv3d",
        "keras.layers.Conv1D",
        "keras.layers.Conv2D",
        "keras.layers.Conv3D",
        "keras.layers.DepthwiseConv1D",
        "keras.layers.DepthwiseConv2D",
    )
    words = (
        "outputs do not match after conversion",
        "padding same",
        "stride 2",
        "asymmetric padding",
        "shifted",
        "ResNet stem",
        "ZeroPadding2D",
    )
    gap, units = 1.41, 2.5e7
    source = "torch/nn/modules/conv.py; tf.nn, Notes on padding"
    cure = "torch: F.pad(x, (0, 1, 0, 1)) for 3x3, (2, 3, 2, 3) for 7x7; Keras: ZeroPadding2D(k // 2), then 'valid'"

    def inputs(rng):
        return {
            "x": rng.normal(size=(2, 3, 8, 8)),
            "w3": rng.normal(size=(4, 3, 3, 3)),
            "w7": rng.normal(size=(4, 3, 7, 7)),
        }

    def torch(x, w3, w7):
        import torch

        F = torch.nn.functional
        return torch.stack(
            [
                F.conv2d(x, w3, stride=2, padding=1),
                F.conv2d(x, w7, stride=2, padding=3),
            ],
        )

    def keras(x, w3, w7):
        import keras

        return keras.ops.stack(
            [_keras_conv(x, w, strides=2, padding="same") for w in (w3, w7)],
        )

    def aligned_torch(x, w3, w7):
        import torch

        F = torch.nn.functional
        small = F.conv2d(F.pad(x, (0, 1, 0, 1)), w3, stride=2)
        return torch.stack(
            [small, F.conv2d(F.pad(x, (2, 3, 2, 3)), w7, stride=2)],
        )

    def recognise(a, b):
        return b.padding == "same" and max(b.strides) > 1 and any(a.padding)

    def pair():
        import keras
        import torch

        return torch.nn.Conv2d(3, 4, 3, stride=2, padding=1), keras.layers.Conv2D(4, 3, strides=2, padding="same")

    def aligned_pair():
        import keras
        import torch

        keras_conv = keras.layers.Conv2D(4, 3, strides=2)  # after ZeroPadding2D(1)
        return torch.nn.Conv2d(3, 4, 3, stride=2, padding=1), keras_conv


class ConvLayout(Divergence):
    """torch's images are nchw and its kernels oihw; Keras's are nhwc and hwio.

    Keras takes an image in torch's layout for one of another size with other channels, and builds itself to fit:
    nothing is said, and the output has a shape that nobody meant.
    """

    name, apis = "CONV-LAYOUT", ("torch.nn.Conv2d", "keras.layers.Conv2D")
    words = (
        "outputs do not match after conversion",
        "channels first",
        "channels last",
        "NCHW",
        "NHWC",
        "data_format",
        "output shape",
    )
    gap = float("inf")
    gives = {
        "torch": "float32 (2, 4, 6, 6): 2.18, 3.77, -2.45, ...; rms 5.94",
        "keras": "float32 (2, 1, 6, 4): 0.61, -1.06, 1.13, ...; rms 1.16",
    }
    source = "keras.layers.Conv2D, Input shape; torch.nn.Conv2d, Shape"
    cure = "transpose images by (0, 2, 3, 1) and kernels by (2, 3, 1, 0)"

    def inputs(rng):
        return {
            "x": rng.normal(size=(2, 3, 8, 8)),
            "w": rng.normal(size=(4, 3, 3, 3)),
        }

    def torch(x, w):
        import torch

        return torch.nn.functional.conv2d(x, w)

    def keras(x, w):
        import keras

        return keras.layers.Conv2D(4, 3)(x)

    def aligned_keras(x, w):
        return _keras_conv(x, w)


class ConvSameOdd(Divergence):
    """Keras's 'same' at stride 2 is torch's padding=1 where the size is odd.

    The padding is then one on each side.  A port that was checked at 225 pixels is still wrong at 224 (CONV-SAME-S2).
    """

    name, apis = "CONV-SAME-ODD", ("torch.nn.Conv2d", "keras.layers.Conv2D")
    words = ("padding same", "stride 2", "odd size")
    gap, equal = 0, True
    source = "tf.nn, Notes on padding"
    cure = "nothing to align at odd sizes"

    def inputs(rng):
        return {
            "x": rng.normal(size=(2, 3, 9, 9)),
            "w": rng.normal(size=(4, 3, 3, 3)),
        }

    def torch(x, w):
        import torch

        return torch.nn.functional.conv2d(x, w, stride=2, padding=1)

    def keras(x, w):
        return _keras_conv(x, w, strides=2, padding="same")


class ConvSameEven(Divergence):
    """'same' with an even kernel at stride 1 pads one more below and to the right in both frameworks.

    torch's padding='same' follows TensorFlow there; its padding=k // 2 does not, and makes the picture larger.
    """

    name, apis = "CONV-SAME-EVEN", ("torch.nn.Conv2d", "keras.layers.Conv2D")
    words = ("padding same", "even kernel", "kernel_size 4")
    gap, equal = 0, True
    source = "torch/nn/modules/conv.py, _reversed_padding_repeated_twice; tf.nn, Notes on padding"
    cure = "nothing to align with padding='same'"

    def inputs(rng):
        return {
            "x": rng.normal(size=(2, 3, 8, 8)),
            "w": rng.normal(size=(4, 3, 4, 4)),
        }

    def torch(x, w):
        import torch

        return torch.nn.functional.conv2d(x, w, padding="same")

    def keras(x, w):
        return _keras_conv(x, w, padding="same")


class ConvUnbatched(Divergence):
    """torch's convolution takes one picture without a batch axis; Keras's refuses it.

    Three axes are read as (c, h, w).  A forgotten batch axis is so an error in Keras, and in torch a result of three
    axes that fails later or nowhere.
    """

    name, apis = "CONV-UNBATCHED", ("torch.nn.Conv2d", "keras.layers.Conv2D")
    words = ("unbatched", "batch axis", "min_ndim=4, found ndim=3", "unsqueeze")
    gap = float("inf")
    gives = {"torch": "float32 (4, 6, 6): -0.238, -1.79, 0.358, ...; rms 5.26"}
    raises = {"keras": ("ValueError", "expected min_ndim=4, found ndim=3")}
    source = "torch.nn.Conv2d, Shape; keras.layers.Conv2D, Input shape"
    cure = "add the batch axis: x[None]"

    def inputs(rng):
        return {
            "x": rng.normal(size=(3, 8, 8)),
            "w": rng.normal(size=(4, 3, 3, 3)),
        }

    def torch(x, w):
        import torch

        return torch.nn.functional.conv2d(x, w)

    def keras(x, w):
        import keras

        return keras.layers.Conv2D(4, 3)(keras.ops.transpose(x, (1, 2, 0)))

    def aligned_keras(x, w):
        return _keras_conv(x[None], w)[0]


class ConvPadmode(Divergence):
    """torch's convolution can pad by reflection, repetition or wrapping around; Keras's pads with zeros.

    The border of every picture differs, and with depth all of it.  Style transfer and super-resolution reflect.
    """

    name, apis = "CONV-PADMODE", ("torch.nn.Conv2d", "keras.layers.Conv2D", "keras.ops.pad")
    words = ("padding_mode", "reflect", "replicate", "circular", "border artefacts", "ReflectionPad2d")
    gap, units = 0.409, 7.8e6
    arguments = ("padding_mode",)
    source = "torch.nn.Conv2d, padding_mode; keras.ops.pad, mode"
    cure = 'keras.ops.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="reflect"), then "valid"'

    def inputs(rng):
        return {
            "x": rng.normal(size=(2, 3, 8, 8)),
            "w": rng.normal(size=(4, 3, 3, 3)),
        }

    def torch(x, w):
        import torch

        F = torch.nn.functional
        return F.conv2d(
            F.pad(x, (1, 1, 1, 1), mode="reflect"),
            w,
        )  # as padding_mode="reflect" does

    def keras(x, w):
        return _keras_conv(x, w, padding="same")

    def aligned_keras(x, w):
        import keras

        return _keras_conv(
            keras.ops.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)), mode="reflect"),
            w,
        )

    def recognise(a, b):
        return a.padding_mode != "zeros" and b.padding == "same"

    def pair():
        import keras
        import torch

        return torch.nn.Conv2d(3, 4, 3, padding=1, padding_mode="reflect"), keras.layers.Conv2D(4, 3, padding="same")

    def aligned_pair():
        import keras
        import torch

        keras_conv = keras.layers.Conv2D(4, 3)  # after keras.ops.pad
        return torch.nn.Conv2d(3, 4, 3, padding=1, padding_mode="reflect"), keras_conv


class ConvChfirst(Divergence):
    """Keras's convolution takes torch's layout on a CPU too, forwards and backwards.

    With data_format="channels_first".  TensorFlow used to refuse it without a GPU, and many answers on the web
    still say so.  Shown is the gradient by the image.
    """

    name, apis = "CONV-CHFIRST", ("torch.nn.Conv2d", "keras.layers.Conv2D", "keras.config.set_image_data_format")
    words = ("channels_first", "data_format", "NCHW", "only supports NHWC", "CPU")
    gap, equal = 0, True
    source = "keras.layers.Conv2D, data_format"
    cure = "nothing to align"

    def inputs(rng):
        return {
            "x": rng.normal(size=(2, 3, 8, 8)),
            "w": rng.normal(size=(4, 3, 3, 3)),
        }

    def torch(x, w):
        import torch

        x.requires_grad_()
        torch.nn.functional.conv2d(x, w).square().sum().backward()
        return x.grad

    def keras(x, w):
        import keras
        import tensorflow as tf

        layer = keras.layers.Conv2D(
            4,
            3,
            use_bias=False,
            data_format="channels_first",
        )
        layer.build((None, 3, 8, 8))
        layer.set_weights([keras.ops.transpose(w, (2, 3, 1, 0))])
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = keras.ops.sum(layer(x) ** 2)
        return tape.gradient(loss, x)
