"""Resizing by interpolation: corners, antialias, precision.  Images are nchw, as in torch."""

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


class ResizeAlign(Divergence):
    """torch's align_corners=True puts the outer pixels on each other; Keras has only the half-pixel rule.

    Many segmentation networks were trained with it.  TensorFlow keeps it in tf.compat.v1.
    """

    name = "RESIZE-ALIGN"
    apis = (
        "torch.nn.functional.interpolate", "torch.nn.Upsample", "torch.nn.UpsamplingBilinear2d",
        "keras.ops.image.resize", "keras.layers.Resizing", "keras.layers.UpSampling2D", "tf.image.resize",
    )  # fmt: skip
    words = ("align_corners", "half pixel centers", "bilinear", "segmentation", "upsample", "shifted")
    gap, units = 0.114, 2.6e6
    arguments = ("align_corners", "UpsamplingBilinear2d")
    source = "torch.nn.Upsample, align_corners; tf.compat.v1.image.resize"
    cure = "align_corners=False in torch; or tf.compat.v1.image.resize(x, size, align_corners=True)"

    inputs = _picture

    def torch(x):
        import torch

        return torch.nn.functional.interpolate(
            x,
            size=(8, 8),
            mode="bilinear",
            align_corners=True,
        )

    def keras(x):
        return _keras_resize(x, 8, "bilinear")

    def aligned_keras(x):
        import tensorflow as tf

        nhwc = tf.transpose(x, (0, 2, 3, 1))
        return tf.transpose(
            tf.compat.v1.image.resize(nhwc, (8, 8), align_corners=True),
            (0, 3, 1, 2),
        )

    def recognise(a, b):
        return bool(a.align_corners)

    def pair():
        import keras
        import torch

        upsample = torch.nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)
        return upsample, keras.layers.UpSampling2D(2, interpolation="bilinear")

    def aligned_pair():
        import keras
        import torch

        return torch.nn.Upsample(scale_factor=2, mode="bilinear"), keras.layers.UpSampling2D(
            2, interpolation="bilinear"
        )


class ResizeAntialias(Divergence):
    """Without antialias a picture that is made smaller is sampled in both; Pillow and torchvision smooth it first.

    torchvision's Resize has antialias=True by default, keras.layers.Resizing has not.  Pictures that a model saw in
    training and those that a port gives it so differ, most in fine textures.
    """

    name = "RESIZE-ANTIALIAS"
    apis = ("torch.nn.functional.interpolate", "torchvision.transforms.Resize", "keras.layers.Resizing")
    words = ("antialias", "downscale", "preprocessing", "PIL", "torchvision", "accuracy drops")
    gap, units = 0.247, 7.2e6
    source = "torchvision.transforms.Resize, antialias; keras.layers.Resizing, antialias"
    cure = "keras.layers.Resizing(height, width, antialias=True)"

    def inputs(rng):
        return _picture(rng, 9)

    def torch(x):  # as torchvision.transforms.Resize calls it
        import torch

        return torch.nn.functional.interpolate(
            x,
            size=(4, 4),
            mode="bilinear",
            antialias=True,
        )

    def keras(x):
        import keras

        a = keras.layers.Resizing(4, 4)(keras.ops.transpose(x, (0, 2, 3, 1)))
        return keras.ops.transpose(a, (0, 3, 1, 2))

    def aligned_keras(x):
        import keras

        a = keras.layers.Resizing(4, 4, antialias=True)(
            keras.ops.transpose(x, (0, 2, 3, 1)),
        )
        return keras.ops.transpose(a, (0, 3, 1, 2))


class ResizeF64(Divergence):
    """TensorFlow resizes in float32 whatever it is given.

    A picture in float64 comes back with the digits of float32, and a check in double precision fails here.  Keras casts
    the result to the dtype of its input, so nothing shows it.
    """

    name, apis = "RESIZE-F64", ("torch.nn.functional.interpolate", "keras.ops.image.resize", "tf.image.resize")
    words = ("float64", "double precision", "bilinear", "gradient check fails")
    dtype, gap, units = "float64", 8.96e-08, 1.4e9
    source = "tf.image.resize: the return value has type float32, unless the method is nearest"
    cure = "torch: compute in float32 and cast, where the two are to agree"
    residual = 5.9e-08

    inputs = _picture

    def torch(x):
        import torch

        return torch.nn.functional.interpolate(x, size=(7, 7), mode="bilinear")

    def keras(x):
        return _keras_resize(x, 7, "bilinear")

    def aligned_torch(x):
        import torch

        return torch.nn.functional.interpolate(
            x.float(),
            size=(7, 7),
            mode="bilinear",
        ).to(x.dtype)


class ResizeBilinear(Divergence):
    """Bilinear resizing without antialias is the same in both, at any size.

    Both have the half-pixel rule: TensorFlow since version 2, torch with align_corners=False, its default.
    """

    name, apis = "RESIZE-BILINEAR", ("torch.nn.functional.interpolate", "keras.ops.image.resize", "tf.image.resize")
    words = ("bilinear", "interpolate", "half pixel centers")
    gap, equal = 0, True
    source = "torch.nn.functional.interpolate; tf.image.resize"
    cure = "nothing to align"

    inputs = _picture

    def torch(x):
        import torch

        return torch.nn.functional.interpolate(x, size=(7, 7), mode="bilinear")

    def keras(x):
        return _keras_resize(x, 7, "bilinear")


class ResizeUp(Divergence):
    """Upsampling by a whole factor is the same in both, nearest and bilinear.

    torch.nn.Upsample and keras.layers.UpSampling2D both repeat pixels by default.
    """

    name, apis = "RESIZE-UP", ("torch.nn.Upsample", "keras.layers.UpSampling2D")
    words = ("upsample", "UpSampling2D", "nearest", "bilinear", "decoder", "U-Net")
    gap, equal = 0, True
    source = "torch.nn.Upsample; keras.layers.UpSampling2D"
    cure = "nothing to align"

    inputs = _picture

    def torch(x):
        import torch

        return torch.stack(
            [
                torch.nn.Upsample(scale_factor=2)(x),
                torch.nn.Upsample(scale_factor=2, mode="bilinear")(x),
            ],
        )

    def keras(x):
        import keras

        nhwc = keras.ops.transpose(x, (0, 2, 3, 1))
        both = [
            keras.layers.UpSampling2D(2, interpolation=mode)(nhwc)
            for mode in ("nearest", "bilinear")
        ]  # fmt: skip
        return keras.ops.transpose(keras.ops.stack(both), (0, 1, 4, 2, 3))


class ResizeTable(Divergence):
    """TensorFlow's bicubic resizing reads its weights from a table of 1024 places, unless antialias=True.

    It is exact at factors of two, and good to 5e-4 elsewhere.  An enlargement that agrees at twice the size so
    differs at one and a half.
    """

    name = "RESIZE-TABLE"
    apis = (
        "torch.nn.functional.interpolate", "keras.ops.image.resize", "keras.layers.Resizing", "tf.image.resize",
    )  # fmt: skip
    words = ("bicubic", "antialias", "interpolate", "small difference", "super resolution")
    gap, units = 0.000147, 3.5e3
    source = "tensorflow/core/kernels/image/resize_bicubic_op.cc, kTableSize"
    cure = "antialias=True in both"

    def inputs(rng):
        return _picture(rng)

    def torch(x):
        import torch

        return torch.nn.functional.interpolate(
            x,
            size=(6, 6),
            mode="bicubic",
            antialias=True,
        )

    def keras(x):
        return _keras_resize(x, 6, "bicubic")

    def aligned_keras(x):
        return _keras_resize(x, 6, "bicubic", antialias=True)
