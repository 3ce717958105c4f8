"""What parameters a layer has, before anybody trains it."""

import numpy as np

from parity.divergences.entry import Divergence


class InitPrelu(Divergence):
    """PReLU has one slope of 0.25 in torch, and in Keras one of 0 for each element of the feature map.

    Keras's starts as a ReLU and has as many parameters as the map has places, which ties it to the size of the image.
    """

    name, apis = "INIT-PRELU", ("torch.nn.PReLU", "keras.layers.PReLU")
    words = ("prelu", "alpha_initializer", "shared_axes", "number of parameters", "slope")
    gap, units = 0.26, 5.6e6
    source = "torch.nn.PReLU, num_parameters and init; keras.layers.PReLU, shared_axes and alpha_initializer"
    cure = "keras.layers.PReLU(keras.initializers.Constant(0.25), shared_axes=[1, 2, 3])"

    def inputs(rng):
        return {"x": rng.normal(size=(2, 4, 4, 3))}

    def torch(x):
        import torch

        return torch.nn.PReLU()(x)

    def keras(x):
        import keras

        return keras.layers.PReLU()(x)

    def aligned_keras(x):
        import keras

        return keras.layers.PReLU(
            keras.initializers.Constant(0.25),
            shared_axes=[1, 2, 3],
        )(x)

    def recognise(a, b):
        return a.num_parameters == 1 and not b.shared_axes

    def pair():
        import keras
        import torch

        return torch.nn.PReLU(), keras.layers.PReLU()

    def aligned_pair():
        import keras
        import torch

        return torch.nn.PReLU(), keras.layers.PReLU(shared_axes=[1, 2, 3])


class InitInorm(Divergence):
    """Instance normalisation has no parameters in torch by default; Keras's form of it has a scale and a shift.

    Keras does it as group normalisation with a group for each channel.  The value is the count of parameters.
    """

    name, apis = "INIT-INORM", ("torch.nn.InstanceNorm2d", "keras.layers.GroupNormalization")
    words = ("instance norm", "affine", "number of parameters", "style transfer")
    gap = float("inf")
    gives = {"torch": "int64 0", "keras": "int64 8"}
    source = "torch.nn.InstanceNorm2d, affine; keras.layers.GroupNormalization, groups=-1"
    cure = "torch.nn.InstanceNorm2d(channels, affine=True); or center=False, scale=False in Keras"

    def torch():
        import torch

        return sum(p.numel() for p in torch.nn.InstanceNorm2d(4).parameters())

    def keras():
        import keras

        layer = keras.layers.GroupNormalization(groups=-1)
        layer.build((None, 8, 8, 4))
        return layer.count_params()

    def aligned_torch():
        import torch

        layer = torch.nn.InstanceNorm2d(4, affine=True)
        return sum(p.numel() for p in layer.parameters())

    def recognise(a, b):
        return bool(a.affine) != bool(b.scale or b.center)

    def pair():
        import keras
        import torch

        return torch.nn.InstanceNorm2d(4), keras.layers.GroupNormalization(groups=-1)

    def aligned_pair():
        import keras
        import torch

        return torch.nn.InstanceNorm2d(4, affine=True), keras.layers.GroupNormalization(groups=-1)


class InitPadidx(Divergence):
    """The row of the padding index is zero in torch and stays so; with Keras's mask_zero it is random.

    padding_idx=0 makes row 0 zero and gives it no gradient.  mask_zero masks later layers instead (MASK-ZERO), and a
    layer that ignores masks, such as a sum, reads that row.
    """

    name, apis = "INIT-PADIDX", ("torch.nn.Embedding", "keras.layers.Embedding")
    words = ("padding_idx", "mask_zero", "padding row", "embedding of padding")
    gap = float("inf")
    arguments = ("mask_zero", "padding_idx")
    gives = {
        "torch": "float32 [[0, 0, 0], [0, 0, 0]]",
        "keras": "float32 [[0.00157, -0.0191, 0.0339], [0.00157, -0.0191, 0.0339]]",
    }
    source = "torch.nn.Embedding, padding_idx; keras.layers.Embedding, mask_zero"
    cure = "set the row to zero by hand, after each step too; or mask before a sum"

    def inputs(rng):
        return {
            "words": np.array([[3, 0], [0, 2]]),
            "table": rng.normal(size=(5, 3)),
        }

    def torch(words, table):
        import torch

        embedding = torch.nn.Embedding(5, 3, padding_idx=0)
        return embedding(words)[words == 0]

    def keras(words, table):
        import keras

        embedding = keras.layers.Embedding(5, 3, mask_zero=True)
        return embedding(words)[words == 0]

    def aligned_keras(words, table):
        import keras

        embedding = keras.layers.Embedding(5, 3, mask_zero=True)
        embedding.build()
        embedding.embeddings.assign(
            keras.ops.concatenate([keras.ops.zeros((1, 3)), table[1:]]),
        )
        return embedding(words)[words == 0]


class BnCount(Divergence):
    """Keras counts a batch normalisation's moving statistics among its parameters; torch calls them buffers.

    2 for a channel in torch, 4 in Keras.  torch also has num_batches_tracked, which no parameter count shows and a
    state_dict has.
    """

    name, apis = "BN-COUNT", ("torch.nn.BatchNorm2d", "keras.layers.BatchNormalization", "keras.Model.count_params")
    words = ("count_params", "number of parameters", "summary", "non-trainable params", "num_batches_tracked")
    gap = 1.0
    source = "keras.layers.Layer.count_params; torch.nn.Module.buffers"
    cure = "count the trainable ones: sum(w.shape) over trainable_weights"

    def torch():
        import torch

        return sum(p.numel() for p in torch.nn.BatchNorm2d(4).parameters())

    def keras():
        import keras

        layer = keras.layers.BatchNormalization()
        layer.build((None, 8, 8, 4))
        return layer.count_params()

    def aligned_keras():
        import keras

        layer = keras.layers.BatchNormalization()
        layer.build((None, 8, 8, 4))
        return int(sum(np.prod(w.shape) for w in layer.trainable_weights))
