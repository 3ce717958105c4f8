"""Resizing of pictures: the mode and its rule.  Images are nchw, as in torch."""

from parity.divergences.entry import Divergence


def _keras_resize(x, size, interpolation, antialias=False):
    """Keras's resizing of torch's image; the output in torch's layout."""
    import keras

    nhwc = keras.ops.transpose(x, (0, 2, 3, 1))
    a = keras.ops.image.resize(
        nhwc,
        (size, size),
        interpolation=interpolation,
        antialias=antialias,
    )
    return keras.ops.transpose(a, (0, 3, 1, 2))


def _picture(rng, size=4):
    return {"x": rng.uniform(0, 1, (2, 3, size, size))}


class ResizeDef(Divergence):
    """torch resizes to the nearest pixel by default; keras.ops.image.resize and the Resizing layer bilinearly.

    Keras's UpSampling2D takes the nearest, as torch does.
    """

    name = "RESIZE-DEF"
    apis = (
        "torch.nn.functional.interpolate", "torch.nn.Upsample", "keras.ops.image.resize", "keras.layers.Resizing",
        "tf.image.resize",
    )  # fmt: skip
    words = ("interpolate", "default mode", "nearest", "bilinear", "upsample")
    gap, units = 0.211, 4.5e6
    source = "torch.nn.functional.interpolate, mode; keras.ops.image.resize, interpolation"
    cure = 'F.interpolate(x, size, mode="bilinear")'

    inputs = _picture

    def torch(x):
        import torch

        return torch.nn.functional.interpolate(x, size=(8, 8))

    def keras(x):
        import keras

        a = keras.ops.image.resize(keras.ops.transpose(x, (0, 2, 3, 1)), (8, 8))
        return keras.ops.transpose(a, (0, 3, 1, 2))

    def aligned_torch(x):
        import torch

        return torch.nn.functional.interpolate(x, size=(8, 8), mode="bilinear")

    def recognise(a, b):
        return a.mode.removesuffix("-exact") != b.interpolation

    def pair():
        import keras
        import torch

        return torch.nn.Upsample(size=(8, 8)), keras.layers.Resizing(8, 8)

    def aligned_pair():
        import keras
        import torch

        return torch.nn.Upsample(size=(8, 8), mode="bilinear"), keras.layers.Resizing(8, 8)


class ResizeNearest(Divergence):
    """torch's 'nearest' takes the pixel at floor(i · scale); Keras's the one below the pixel's centre.

    From four to seven torch takes 0 0 1 1 2 2 3 and Keras 0 0 1 2 2 3 3.  At whole factors they agree (RESIZE-UP).
    torch kept the old rule for its users, and calls the right one 'nearest-exact'.
    """

    name = "RESIZE-NEAREST"
    apis = (
        "torch.nn.functional.interpolate", "torch.nn.Upsample", "keras.ops.image.resize", "keras.layers.Resizing",
        "tf.image.resize",
    )  # fmt: skip
    words = ("nearest", "nearest-exact", "half pixel centers", "interpolate", "mask resize", "shifted")
    gap, units = 0.543, 1.1e7
    source = "torch.nn.functional.interpolate, Note on nearest-exact; tf.image.resize"
    cure = 'F.interpolate(x, size, mode="nearest-exact")'

    inputs = _picture

    def torch(x):
        import torch

        return torch.nn.functional.interpolate(x, size=(7, 7), mode="nearest")

    def keras(x):
        return _keras_resize(x, 7, "nearest")

    def aligned_torch(x):
        import torch

        return torch.nn.functional.interpolate(
            x,
            size=(7, 7),
            mode="nearest-exact",
        )

    def recognise(a, b):
        factor = a.scale_factor  # a number, one an axis, or None where a size is given
        factors = factor if isinstance(factor, tuple) else (factor,)
        whole = all(f is not None and float(f).is_integer() for f in factors)
        return (a.mode, b.interpolation) == ("nearest", "nearest") and type(b).__name__ == "Resizing" and not whole

    def pair():
        import keras
        import torch

        return torch.nn.Upsample(size=(7, 7)), keras.layers.Resizing(7, 7, interpolation="nearest")

    def aligned_pair():
        import keras
        import torch

        upsample = torch.nn.Upsample(size=(7, 7), mode="nearest-exact")
        return upsample, keras.layers.Resizing(7, 7, interpolation="nearest")


class ResizeBicubic(Divergence):
    """The cubic's free parameter is -0.75 in torch and -0.5 in TensorFlow.

    -0.75 is OpenCV's, -0.5 Keys's and Pillow's.  torch takes -0.5 too as soon as antialias=True, which smooths
    nothing when a picture is enlarged, and then both agree, up and down.  TensorFlow without antialias is another
    matter (RESIZE-TABLE).
    """

    name = "RESIZE-BICUBIC"
    apis = (
        "torch.nn.functional.interpolate", "torch.nn.Upsample", "keras.ops.image.resize", "keras.layers.Resizing",
        "tf.image.resize",
    )  # fmt: skip
    words = ("bicubic", "cubic coefficient", "antialias", "interpolate", "Keys", "PIL")
    gap, units = 0.0412, 9.1e5
    source = "aten/src/ATen/native/UpSample.h; tensorflow/core/kernels/image/resize_bicubic_op.cc"
    cure = "antialias=True in both"

    def inputs(rng):
        return _picture(rng, 9)

    def torch(x):
        import torch

        return torch.nn.functional.interpolate(x, size=(4, 4), mode="bicubic")

    def keras(x):
        return _keras_resize(x, 4, "bicubic")

    def aligned_torch(x):
        import torch

        return torch.nn.functional.interpolate(
            x,
            size=(4, 4),
            mode="bicubic",
            antialias=True,
        )

    def aligned_keras(x):
        return _keras_resize(x, 4, "bicubic", antialias=True)

    def recognise(a, b):
        return a.mode == b.interpolation == "bicubic"  # torch's layer has no antialias; F.interpolate has

    def pair():
        import keras
        import torch

        return torch.nn.Upsample(size=(8, 8), mode="bicubic"), keras.layers.Resizing(8, 8, interpolation="bicubic")

    def aligned_pair():
        import keras
        import torch

        return torch.nn.Upsample(size=(8, 8), mode="bilinear"), keras.layers.Resizing(8, 8)
