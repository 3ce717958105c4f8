"""The order of axes and elements: flattening, padding, channels into pixels.  Images are nchw, as in torch."""

from parity.divergences.entry import Divergence


class ConvFlatten(Divergence):
    """Flatten before a Dense layer orders the features as (c, h, w) in torch and as (h, w, c) in Keras.

    The shapes agree, so weights that are copied with a plain transpose load and every prediction is wrong.  Only the
    layer after the flattening is concerned; where the picture is one pixel there is no difference.
    """

    name = "CONV-FLATTEN"
    apis = (
        "torch.nn.Flatten", "torch.flatten", "torch.Tensor.view", "torch.Tensor.reshape", "torch.nn.Linear",
        "keras.layers.Flatten", "keras.layers.Dense",
    )  # fmt: skip
    words = (
        "outputs do not match after conversion",
        "flatten order",
        "channels last",
        "dense after conv",
        "wrong predictions",
        "permute weights",
        "view",
    )
    gap, units = 1.49, 2.8e7
    source = "torch.flatten; keras.layers.Flatten"
    cure = "keras.layers.Permute((3, 1, 2)) before Flatten; or reorder the rows of the Dense kernel"

    def inputs(rng):
        return {
            "x": rng.normal(size=(2, 3, 4, 4)),
            "w": rng.normal(size=(5, 48)),
        }

    def torch(x, w):
        import torch

        return torch.nn.functional.linear(torch.nn.Flatten()(x), w)

    def keras(x, w):
        import keras

        feature = keras.ops.transpose(x, (0, 2, 3, 1))  # as a Conv2D returns it
        return keras.ops.matmul(
            keras.layers.Flatten()(feature),
            keras.ops.transpose(w),
        )

    def aligned_keras(x, w):
        import keras

        feature = keras.layers.Permute((3, 1, 2))(
            keras.ops.transpose(x, (0, 2, 3, 1)),
        )
        return keras.ops.matmul(
            keras.layers.Flatten()(feature),
            keras.ops.transpose(w),
        )


class FlattenRows(Divergence):
    """Reordering the rows of the Dense kernel once is as good as reordering the features at every call.

    (c h w, out) becomes (h w c, out).  Then the Keras model stays as its users write it, and this is what a converter
    of weights does for CONV-FLATTEN.  A plain transpose has the right shape and the wrong rows.
    """

    name, apis = "FLATTEN-ROWS", ("torch.nn.Linear", "keras.layers.Dense", "keras.layers.Flatten")
    words = ("flatten order", "convert weights", "reorder dense kernel", "load_state_dict", "set_weights")
    gap, equal = 0, True
    source = "keras.layers.Flatten; torch.flatten"
    cure = "weight.reshape(out, c, h, w).transpose(2, 3, 1, 0).reshape(h * w * c, out)"

    def inputs(rng):
        return {
            "x": rng.normal(size=(2, 3, 4, 4)),
            "w": rng.normal(size=(5, 48)),
        }

    def torch(x, w):
        import torch

        return torch.nn.functional.linear(x.flatten(1), w)

    def keras(x, w):
        import keras

        dense = keras.layers.Dense(5, use_bias=False)
        dense.build((None, 48))
        rows = keras.ops.reshape(w, (5, 3, 4, 4))
        rows = keras.ops.transpose(rows, (2, 3, 1, 0))
        dense.set_weights([keras.ops.reshape(rows, (48, 5))])
        nhwc = keras.ops.transpose(x, (0, 2, 3, 1))
        return dense(keras.layers.Flatten()(nhwc))


class Dense3d(Divergence):
    """A Dense layer on three axes multiplies the last one, as torch's Linear does.

    Old Keras flattened the rest first, and so many answers on the web still say.
    """

    name, apis = "DENSE-3D", ("torch.nn.Linear", "keras.layers.Dense", "keras.layers.TimeDistributed")
    words = ("dense on sequence", "3-D input", "TimeDistributed", "last axis")
    gap, equal = 0, True
    source = "keras.layers.Dense, Input shape; torch.nn.Linear, Shape"
    cure = "nothing to align"

    def inputs(rng):
        return {"x": rng.normal(size=(2, 5, 4)), "w": rng.normal(size=(3, 4))}

    def torch(x, w):
        import torch

        return torch.nn.functional.linear(x, w)

    def keras(x, w):
        import keras

        dense = keras.layers.Dense(3, use_bias=False)
        dense.build((None, None, 4))
        dense.set_weights([keras.ops.transpose(w)])
        return dense(x)


class PadOrder(Divergence):
    """torch's padding begins with the last axis; TensorFlow's, Keras's and NumPy's with the first.

    (1, 0, 0, 0) is a column on the left in torch, and ((1, 0), (0, 0)) a row above elsewhere.  On square pictures with
    equal padding nobody sees it.
    """

    name = "PAD-ORDER"
    apis = (
        "torch.nn.functional.pad", "torch.nn.ZeroPad2d", "keras.layers.ZeroPadding2D", "tf.pad", "keras.ops.pad",
        "numpy.pad",
    )  # fmt: skip
    words = ("padding order", "left right top bottom", "last axis first", "output shape")
    gap = float("inf")
    gives = {
        "torch": "float32 (2, 4): 0, -1.3, -0.0785, ...; rms 0.714",
        "tf": "float32 (3, 3): 0, 0, 0, ...; rms 0.673",
        "numpy": "float32 (3, 3): 0, 0, 0, ...; rms 0.673",
    }
    source = "torch.nn.functional.pad; keras.layers.ZeroPadding2D"
    cure = "reverse the pairs: torch (left, right, top, bottom) is Keras ((top, bottom), (left, right))"

    def inputs(rng):
        return {"x": rng.normal(size=(2, 3))}

    def torch(x):
        import torch

        return torch.nn.functional.pad(x, (1, 0, 0, 0))

    def tf(x):
        import tensorflow as tf

        return tf.pad(x, [[1, 0], [0, 0]])

    def numpy(x):
        import numpy as np

        return np.pad(x, [(1, 0), (0, 0)])

    def aligned_tf(x):
        import tensorflow as tf

        return tf.pad(x, [[0, 0], [1, 0]])

    def aligned_numpy(x):
        import numpy as np

        return np.pad(x, [(0, 0), (1, 0)])

    def recognise(a, b):
        left, right, top, bottom = a.padding
        return b.padding != ((top, bottom), (left, right))

    def pair():
        import keras
        import torch

        return torch.nn.ZeroPad2d((1, 0, 0, 0)), keras.layers.ZeroPadding2D(((1, 0), (0, 0)))

    def aligned_pair():
        import keras
        import torch

        return torch.nn.ZeroPad2d((1, 0, 0, 0)), keras.layers.ZeroPadding2D(((0, 0), (1, 0)))


class Pixshuf(Divergence):
    """torch's pixel shuffle reads the channels as (c, r, r); TensorFlow's depth_to_space as (r, r, c).

    A super-resolution network that is ported with its weights mixes colours and pixels.  With one channel they agree.
    """

    name, apis = "PIXSHUF", ("torch.nn.PixelShuffle", "torch.nn.functional.pixel_shuffle", "tf.nn.depth_to_space")
    words = ("pixel shuffle", "depth to space", "sub-pixel convolution", "super resolution", "colours are wrong")
    gap, units = 1.24, 2.6e7
    source = "torch.nn.PixelShuffle; tf.nn.depth_to_space"
    cure = "reorder the channels from (c, r, r) to (r, r, c) before depth_to_space"

    def inputs(rng):
        return {"x": rng.normal(size=(2, 8, 3, 3))}

    def torch(x):
        import torch

        return torch.nn.PixelShuffle(2)(x)

    def tf(x):
        import tensorflow as tf

        return tf.transpose(
            tf.nn.depth_to_space(tf.transpose(x, (0, 2, 3, 1)), 2),
            (0, 3, 1, 2),
        )

    def aligned_tf(x):
        import tensorflow as tf

        nhwc = tf.transpose(x, (0, 2, 3, 1))  # channels (c, r, r)
        nhwc = tf.reshape(
            tf.einsum("nhwcrs->nhwrsc", tf.reshape(nhwc, (2, 3, 3, 2, 2, 2))),
            (2, 3, 3, 8),
        )
        return tf.transpose(tf.nn.depth_to_space(nhwc, 2), (0, 3, 1, 2))
