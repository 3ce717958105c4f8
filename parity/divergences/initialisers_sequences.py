"""What the weights of recurrent and attention layers are before anybody sets them."""

from parity.divergences.attention import keras_attention, torch_attention
from parity.divergences.entry import Divergence


class InitLstm(Divergence):
    """Keras starts an LSTM's forget gate at a bias of 1, torch near 0.

    The gate begins at σ(1) = 0.73 there and at 0.5 here, so Keras remembers from the start.  The matrices differ too:
    torch draws all of them on ±1/√hidden, Keras has a Glorot kernel and an orthogonal recurrent kernel.
    """

    name, apis = "INIT-LSTM", ("torch.nn.LSTM", "keras.layers.LSTM")
    words = ("LSTM initialization", "unit_forget_bias", "forget gate bias", "recurrent_initializer", "orthogonal")
    gap, units = 10.6, 2.8e8
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
        lstm.load_state_dict(
            {
                **lstm.state_dict(),
                "bias_ih_l0": b,
                "bias_hh_l0": torch.zeros_like(b),
            },
            assign=True,
        )
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
    output projection is drawn as a linear layer's.  The values here are the spreads as they come, and the outputs once
    both have the same weights.
    """

    name, apis = "INIT-MHA", ("torch.nn.MultiheadAttention", "keras.layers.MultiHeadAttention")
    words = ("attention initialization", "in_proj_weight", "Glorot", "Xavier")
    gap, units = 0.41, 1.2e7
    source = "torch/nn/modules/activation.py, MultiheadAttention._reset_parameters"
    cure = "give both the same weights"

    def inputs(rng):
        return {
            "x": rng.normal(size=(3, 5, 64)),
            "packed": rng.uniform(-0.2, 0.2, (192, 64)),
            "out": rng.uniform(-0.2, 0.2, (64, 64)),
        }

    def torch():
        import torch

        attention = torch.nn.MultiheadAttention(64, 4)
        return attention.in_proj_weight[:64].std(correction=0)  # queries

    def keras():
        import keras

        attention = keras.layers.MultiHeadAttention(4, 16)
        attention.build((None, None, 64), (None, None, 64))
        return keras.ops.std(attention.weights[0])

    def aligned_torch(x, packed, out):
        attention = torch_attention(packed, out, batch_first=True)
        return attention(x, x, x)[0]

    def aligned_keras(x, packed, out):
        return keras_attention(packed, out)(x, x)
