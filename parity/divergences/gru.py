"""GRUs: the order of the gates, and where the reset gate acts."""

import functools

from parity.divergences.entry import Divergence

INPUTS, HIDDEN = 8, 16


def _inputs(rng):
    """Four sequences of ten steps, and weights as torch draws them."""
    drawn = functools.partial(rng.uniform, -(HIDDEN**-0.5), HIDDEN**-0.5)
    return {
        "x": rng.normal(size=(4, 10, INPUTS)),
        "w_ih": drawn((3 * HIDDEN, INPUTS)),
        "w_hh": drawn((3 * HIDDEN, HIDDEN)),
        "b_ih": drawn(3 * HIDDEN),
        "b_hh": drawn(3 * HIDDEN),
    }


def _torch_gru(x, w_ih, w_hh, b_ih, b_hh):
    """The outputs of torch's layer."""
    import torch

    gru = torch.nn.GRU(w_ih.shape[1], w_hh.shape[1], batch_first=True)
    weights = {
        "weight_ih_l0": w_ih,
        "weight_hh_l0": w_hh,
        "bias_ih_l0": b_ih,
        "bias_hh_l0": b_hh,
    }
    gru.load_state_dict(weights, assign=True)
    return gru(x)[0]


def _keras_gru(x, w_ih, w_hh, *biases, **options):
    """The outputs of Keras's layer; the weights' gates in Keras's order."""
    import keras

    gru = keras.layers.GRU(w_hh.shape[1], return_sequences=True, **options)
    gru.build((None, None, w_ih.shape[1]))
    bias = keras.ops.stack(biases) if gru.reset_after else sum(biases)
    gru.set_weights(
        [keras.ops.transpose(w_ih), keras.ops.transpose(w_hh), bias],
    )
    return gru(x)


def _swapped(*weights):
    """torch's r, z, n as Keras's z, r, h."""
    import keras

    split = [keras.ops.split(w, 3) for w in weights]
    return [keras.ops.concatenate([z, r, n]) for r, z, n in split]


class GruOrder(Divergence):
    """A GRU's gates are r, z, n in torch and z, r, h in Keras.

    Reset and update are exchanged; shapes are the same, so a plain transpose loads without an error.  An LSTM's order
    is the same (LSTM-GATES).
    """

    name, apis = "GRU-ORDER", ("torch.nn.GRU", "torch.nn.GRUCell", "keras.layers.GRU")
    words = ("gate order", "gru gates", "rzn", "zrh", "convert GRU", "GRU weights")
    gap, units = 0.378, 6.6e6
    source = "torch.nn.GRU, Variables; keras/src/layers/rnn/gru.py, GRUCell.call"
    cure = "swap the first two thirds of both matrices and both biases, and transpose"

    inputs = _inputs

    def torch(x, w_ih, w_hh, b_ih, b_hh):
        return _torch_gru(x, w_ih, w_hh, b_ih, b_hh)

    def keras(x, w_ih, w_hh, b_ih, b_hh):
        return _keras_gru(x, w_ih, w_hh, b_ih, b_hh)

    def aligned_keras(x, w_ih, w_hh, b_ih, b_hh):
        return _keras_gru(x, *_swapped(w_ih, w_hh, b_ih, b_hh))


class GruReset(Divergence):
    """With reset_after=False Keras's GRU resets the state before the matrix product; torch resets after it.

    n = tanh(Wx + b + U(r∘h)), the paper's, against n = tanh(Wx + b + r∘(Uh + b')).  The first has one bias, the second
    two.  Models from the first versions of Keras and many papers have the first, which cuDNN and torch cannot run.
    """

    name, apis = "GRU-RESET", ("torch.nn.GRU", "torch.nn.GRUCell", "keras.layers.GRU")
    words = ("reset_after", "gru gates", "reset gate", "cuDNN GRU", "bias shape (2, 3H)")
    gap, units = 0.262, 4.7e6
    arguments = ("reset_after",)
    source = "keras.layers.GRU, reset_after; torch.nn.GRU"
    cure = "reset_after=True, Keras's default"

    inputs = _inputs

    def torch(x, w_ih, w_hh, b_ih, b_hh):
        return _torch_gru(x, w_ih, w_hh, b_ih, b_hh)

    def keras(x, w_ih, w_hh, b_ih, b_hh):
        return _keras_gru(
            x,
            *_swapped(w_ih, w_hh, b_ih, b_hh),
            reset_after=False,
        )

    def aligned_keras(x, w_ih, w_hh, b_ih, b_hh):
        return _keras_gru(
            x,
            *_swapped(w_ih, w_hh, b_ih, b_hh),
            reset_after=True,
        )

    def recognise(a, b):
        return not b.reset_after

    def pair():
        import keras
        import torch

        return torch.nn.GRU(INPUTS, HIDDEN), keras.layers.GRU(HIDDEN, reset_after=False)

    def aligned_pair():
        import keras
        import torch

        return torch.nn.GRU(INPUTS, HIDDEN), keras.layers.GRU(HIDDEN)


class GruBias(Divergence):
    """A GRU's two biases cannot be added into one, unlike an LSTM's.

    The reset gate multiplies the second bias of the new state: r∘(Uh + b_hn).  Their sum in the first bias is right for
    the gates r and z alone.
    """

    name, apis = "GRU-BIAS", ("torch.nn.GRU", "torch.nn.GRUCell", "keras.layers.GRU")
    words = ("bias_ih", "bias_hh", "two biases", "sum of the biases", "convert GRU")
    gap, units = 0.213, 3.6e6
    source = "torch.nn.GRU; keras/src/layers/rnn/gru.py, GRUCell.build"
    cure = "stack them: a bias of shape (2, 3 hidden)"

    inputs = _inputs

    def torch(x, w_ih, w_hh, b_ih, b_hh):
        return _torch_gru(x, w_ih, w_hh, b_ih, b_hh)

    def keras(x, w_ih, w_hh, b_ih, b_hh):
        return _keras_gru(x, *_swapped(w_ih, w_hh, b_ih + b_hh, 0 * b_hh))

    def aligned_keras(x, w_ih, w_hh, b_ih, b_hh):
        return _keras_gru(x, *_swapped(w_ih, w_hh, b_ih, b_hh))
