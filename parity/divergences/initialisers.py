"""What weights are before anybody sets them."""

from parity.divergences.entry import Divergence


class InitDenseW(Divergence):
    """A linear layer's weights start twice as wide in Keras as in torch, for 784 inputs and 256 outputs.

    torch draws uniformly on ±1/√fan_in, Keras on ±√(6/(fan_in + fan_out)), Glorot's.  The ratio depends on the shape,
    so no factor corrects it.  Keras's kernel is (in, out), torch's (out, in).
    """

    name, apis = "INIT-DENSE-W", ("torch.nn.Linear", "keras.layers.Dense", "torch.nn.init.xavier_uniform_")
    words = ("initialization", "kernel_initializer", "trains slower", "different loss at the start", "Xavier", "Glorot")
    gap, units = 1.13, 3.3e7
    source = "torch/nn/modules/linear.py, reset_parameters; keras/src/layers/core/dense.py"
    cure = "give both the same weights; or torch.nn.init.xavier_uniform_(layer.weight)"

    def inputs(rng):
        return {"w": rng.uniform(-0.07, 0.07, (256, 784))}

    def torch():
        import torch

        return torch.nn.Linear(784, 256).weight.std(correction=0)

    def keras():
        import keras

        layer = keras.layers.Dense(256)
        layer.build((None, 784))
        return keras.ops.std(layer.kernel)

    def aligned_torch(w):
        import torch

        layer = torch.nn.Linear(784, 256)
        layer.load_state_dict(
            {"weight": w, "bias": torch.zeros(256)},
            assign=True,
        )
        return layer.weight.std(correction=0)

    def aligned_keras(w):
        import keras

        layer = keras.layers.Dense(256)
        layer.build((None, 784))
        layer.set_weights([keras.ops.transpose(w), keras.ops.zeros(256)])
        return keras.ops.std(layer.kernel)


class InitDenseB(Divergence):
    """A linear layer's bias starts at zero in Keras, and uniform on ±1/√fan_in in torch.

    Outputs differ before the first step even where the weights were copied.
    """

    name, apis = "INIT-DENSE-B", ("torch.nn.Linear", "keras.layers.Dense")
    words = ("bias initialization", "bias_initializer", "zeros")
    gap, units = 1.0, 4.1e7
    source = "torch/nn/modules/linear.py, reset_parameters; keras/src/layers/core/dense.py"
    cure = "torch.nn.init.zeros_(layer.bias)"

    def torch():
        import torch

        return torch.nn.Linear(784, 256).bias

    def keras():
        import keras

        layer = keras.layers.Dense(256)
        layer.build((None, 784))
        return layer.bias

    def aligned_torch():
        import torch

        layer = torch.nn.Linear(784, 256)
        torch.nn.init.zeros_(layer.bias)
        return layer.bias


class InitConv(Divergence):
    """A convolution's weights start half as wide in Keras as in torch, for 3 channels and 64 filters of 3 × 3.

    torch draws uniformly on ±1/√fan_in, Keras on ±√(6/(fan_in + fan_out)).  With few channels in and many out Keras's
    are the smaller, the other way round than for a linear layer (INIT-DENSE-W).
    """

    name, apis = "INIT-CONV", ("torch.nn.Conv2d", "keras.layers.Conv2D", "torch.nn.init.xavier_uniform_")
    words = ("initialization", "kernel_initializer", "convolution", "Xavier", "Glorot", "first layer")
    gap, units = 0.492, 1.4e7
    source = "torch/nn/modules/conv.py, reset_parameters; keras/src/layers/convolutional/base_conv.py"
    cure = "give both the same weights; or torch.nn.init.xavier_uniform_(layer.weight)"

    def inputs(rng):
        return {"w": rng.uniform(-0.2, 0.2, (64, 3, 3, 3))}

    def torch():
        import torch

        return torch.nn.Conv2d(3, 64, 3).weight.std(correction=0)

    def keras():
        import keras

        layer = keras.layers.Conv2D(64, 3)
        layer.build((None, 8, 8, 3))
        return keras.ops.std(layer.kernel)

    def aligned_torch(w):
        import torch

        layer = torch.nn.Conv2d(3, 64, 3)
        layer.load_state_dict(
            {"weight": w, "bias": torch.zeros(64)},
            assign=True,
        )
        return layer.weight.std(correction=0)

    def aligned_keras(w):
        import keras

        layer = keras.layers.Conv2D(64, 3)
        layer.build((None, 8, 8, 3))
        layer.set_weights(
            [keras.ops.transpose(w, (2, 3, 1, 0)), keras.ops.zeros(64)],
        )
        return keras.ops.std(layer.kernel)


class InitEmb(Divergence):
    """An embedding starts thirty-five times as wide in torch as in Keras.

    torch draws from N(0, 1), Keras uniformly on ±0.05.  A transformer that shares it with its output layer starts at
    another loss altogether.
    """

    name, apis = "INIT-EMB", ("torch.nn.Embedding", "keras.layers.Embedding", "torch.nn.init.uniform_")
    words = ("embedding initialization", "embeddings_initializer", "different loss at the start", "tied weights")
    gap, units = 0.971, 2.8e7
    source = "torch/nn/modules/sparse.py, reset_parameters; keras/src/layers/core/embedding.py"
    cure = "give both the same weights; or torch.nn.init.uniform_(layer.weight, -0.05, 0.05)"

    def inputs(rng):
        return {"w": rng.normal(size=(200, 32))}

    def torch():
        import torch

        return torch.nn.Embedding(200, 32).weight.std(correction=0)

    def keras():
        import keras

        layer = keras.layers.Embedding(200, 32)
        layer.build()
        return keras.ops.std(layer.embeddings)

    def aligned_torch(w):
        import torch

        return torch.nn.Embedding.from_pretrained(w).weight.std(correction=0)

    def aligned_keras(w):
        import keras

        layer = keras.layers.Embedding(200, 32, weights=[w])
        layer.build()
        return keras.ops.std(layer.embeddings)
