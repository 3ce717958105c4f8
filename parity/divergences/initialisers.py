"""What weights are before anybody sets them."""

from parity.divergences.entry import Divergence


class InitDenseW(Divergence):
    """A linear layer's weights start twice as wide in Keras as in torch, for 784 inputs and 256 outputs.

    torch draws uniformly on ±1/√fan_in, Keras on ±√(6/(fan_in + fan_out)), Glorot's.  The ratio depends on the shape,
    so no factor corrects it.  Keras's kernel is (in, out), torch's (out, in).
    """

    name, apis = "INIT-DENSE-W", ("torch.nn.Linear", "keras.layers.Dense", "torch.nn.init.xavier_uniform_")
    words = ("initialization", "kernel_initializer", "trains slower", "different loss at the start", "Xavier", "Glorot")
    gap = 1.13
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
        layer.load_state_dict({"weight": w, "bias": torch.zeros(256)}, assign=True)
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
    gap = 1.0
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


class InitLstm(Divergence):
    """Keras starts an LSTM's forget gate at a bias of 1, torch near 0.

    The gate begins at σ(1) = 0.73 there and at 0.5 here, so Keras remembers from the start.  The matrices differ too:
    torch draws all of them on ±1/√hidden, Keras has a Glorot kernel and an orthogonal recurrent kernel.
    """

    name, apis = "INIT-LSTM", ("torch.nn.LSTM", "keras.layers.LSTM")
    words = ("LSTM initialization", "unit_forget_bias", "forget gate bias", "recurrent_initializer", "orthogonal")
    gap = 10.6
    source = "keras/src/layers/rnn/lstm.py, unit_forget_bias; torch/nn/modules/rnn.py, reset_parameters"
    cure = "give both the same weights, b_ih + b_hh as Keras's bias"

    def inputs(rng):
        return {"b": rng.normal(size=4 * 64)}

    def torch():
        import torch

        lstm = torch.nn.LSTM(32, 64)
        return (lstm.bias_ih_l0 + lstm.bias_hh_l0)[64:128]  # of the forget gate

    def keras():
        import keras

        lstm = keras.layers.LSTM(64)
        lstm.build((None, None, 32))
        return lstm.cell.bias[64:128]

    def aligned_torch(b):
        import torch

        lstm = torch.nn.LSTM(32, 64)
        lstm.load_state_dict({**lstm.state_dict(), "bias_ih_l0": b, "bias_hh_l0": torch.zeros_like(b)}, assign=True)
        return (lstm.bias_ih_l0 + lstm.bias_hh_l0)[64:128]

    def aligned_keras(b):
        import keras

        lstm = keras.layers.LSTM(64)
        lstm.build((None, None, 32))
        lstm.set_weights([*lstm.get_weights()[:2], b])
        return lstm.cell.bias[64:128]


class InitMha(Divergence):
    """Attention's query, key and value weights start √2 wider in Keras than in torch.

    Both say Glorot, but torch applies it to the packed (3E, E) matrix, whose fan-out is three times as large.  torch's
    output projection is drawn as a linear layer's.
    """

    name, apis = "INIT-MHA", ("torch.nn.MultiheadAttention", "keras.layers.MultiHeadAttention")
    words = ("attention initialization", "in_proj_weight", "Glorot", "Xavier")
    gap = 0.41
    source = "torch/nn/modules/activation.py, MultiheadAttention._reset_parameters"
    cure = "give both the same weights"

    def inputs(rng):
        return {"w": rng.uniform(-0.2, 0.2, (64, 64))}

    def torch():
        import torch

        attention = torch.nn.MultiheadAttention(64, 4)
        return attention.in_proj_weight[:64].std(correction=0)  # of the queries

    def keras():
        import keras

        attention = keras.layers.MultiHeadAttention(4, 16)
        attention.build((None, None, 64), (None, None, 64))
        return keras.ops.std(attention.weights[0])

    def aligned_torch(w):
        import torch

        attention = torch.nn.MultiheadAttention(64, 4, dtype=w.dtype)
        with torch.no_grad():
            attention.in_proj_weight[:64] = w
        return attention.in_proj_weight[:64].std(correction=0)

    def aligned_keras(w):
        import keras

        attention = keras.layers.MultiHeadAttention(4, 16)
        attention.build((None, None, 64), (None, None, 64))
        attention.weights[0].assign(keras.ops.reshape(keras.ops.transpose(w), (64, 4, 16)))
        return keras.ops.std(attention.weights[0])


class InitShared(Divergence):
    """One Keras initialiser object gives every layer the same weights.

    It holds a seed and draws from it anew each time, even where no seed was given.  torch's functions draw from the
    global generator, which advances.  Two layers that start equal stay equal where nothing else tells them apart.
    The value here is the share of weights in which two layers differ.
    """

    name, apis = "INIT-SHARED", ("keras.initializers.GlorotUniform", "torch.nn.init.xavier_uniform_")
    words = ("shared initializer", "identical weights", "symmetry", "same seed", "kernel_initializer object")
    gap = 1.0
    source = "keras/src/initializers/random_initializers.py, RandomInitializer"
    cure = "an initialiser for each layer, or its name as a string"

    def torch():
        import torch

        first, second = (torch.nn.init.xavier_uniform_(torch.nn.Linear(64, 64).weight) for _ in range(2))
        return (first != second).to(first.dtype).mean()

    def keras():
        import keras

        initializer = keras.initializers.GlorotUniform()
        layers = [keras.layers.Dense(64, kernel_initializer=initializer) for _ in range(2)]
        for layer in layers:
            layer.build((None, 64))
        return keras.ops.mean(keras.ops.cast(layers[0].kernel != layers[1].kernel, "float32"))

    def aligned_keras():
        import keras

        layers = [keras.layers.Dense(64, kernel_initializer=keras.initializers.GlorotUniform()) for _ in range(2)]
        for layer in layers:
            layer.build((None, 64))
        return keras.ops.mean(keras.ops.cast(layers[0].kernel != layers[1].kernel, "float32"))
