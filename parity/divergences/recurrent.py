"""Recurrent layers: biases, gates, and what is returned."""

from parity.divergences.entry import Divergence


def _inputs(rng, time=5, hidden=4):
    return {
        "x": rng.normal(size=(2, time, 3)),
        "w_ih": rng.normal(0, 0.5, (4 * hidden, 3)),
        "w_hh": rng.normal(0, 0.5, (4 * hidden, hidden)),
        "b": rng.normal(0, 0.5, 4 * hidden),
    }


def _torch_lstm(w_ih, w_hh, b, **options):
    """torch's layer with these weights; the second bias is zero."""
    import torch

    lstm = torch.nn.LSTM(w_ih.shape[1], w_hh.shape[1], **options)
    weights = {
        "weight_ih_l0": w_ih,
        "weight_hh_l0": w_hh,
        "bias_ih_l0": b,
        "bias_hh_l0": torch.zeros_like(b),
    }
    lstm.load_state_dict(weights, assign=True)
    return lstm


def _keras_lstm(w_ih, w_hh, b, **options):
    """Keras's layer with the same weights."""
    import keras

    lstm = keras.layers.LSTM(w_hh.shape[1], **options)
    lstm.build((None, None, w_ih.shape[1]))
    lstm.set_weights(
        [keras.ops.transpose(w_ih), keras.ops.transpose(w_hh), b],
    )
    return lstm


class LstmBias(Divergence):
    """torch's LSTM has two biases with equal gradients, Keras's has one.

    Only their sum matters, so together they learn at twice the rate, and the counts of parameters differ.  The value
    here is the gradient of the sum.
    """

    name, apis = "LSTM-BIAS", ("torch.nn.LSTM", "torch.nn.GRU", "keras.layers.LSTM")
    words = ("bias_ih", "bias_hh", "two biases", "number of parameters", "LSTM trains differently")
    gap, units = 0.5, 8.2e6
    source = "torch.nn.LSTM, Variables; keras/src/layers/rnn/lstm.py"
    cure = "Keras's bias is b_ih + b_hh; to train alike keep bias_hh_l0 at zero and frozen"

    inputs = _inputs

    def torch(x, w_ih, w_hh, b):
        lstm = _torch_lstm(w_ih, w_hh, b, batch_first=True)
        lstm(x)[0].square().sum().backward()
        return lstm.bias_ih_l0.grad + lstm.bias_hh_l0.grad

    def keras(x, w_ih, w_hh, b):
        import tensorflow as tf

        lstm = _keras_lstm(w_ih, w_hh, b, return_sequences=True)
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(lstm(x) ** 2)
        return tape.gradient(loss, lstm.cell.bias.value)

    def aligned_torch(x, w_ih, w_hh, b):
        lstm = _torch_lstm(w_ih, w_hh, b, batch_first=True)
        lstm.bias_hh_l0.requires_grad_(False)
        lstm(x)[0].square().sum().backward()
        return lstm.bias_ih_l0.grad


class LstmGates(Divergence):
    """The gates of an LSTM have the same order in torch and Keras.

    torch calls them i, f, g, o and Keras i, f, c, o; g and c are the same.  To copy weights a transpose is all; the
    exchange of g and o that is often advised is what makes outputs differ.
    """

    name, apis = "LSTM-GATES", ("torch.nn.LSTM", "keras.layers.LSTM")
    words = ("gate order", "ifgo", "ifco", "LSTM weights", "convert LSTM")
    gap, equal = 0, True
    source = "torch.nn.LSTM, Variables; keras/src/layers/rnn/lstm.py, LSTMCell.call"
    cure = "transpose both matrices, and nothing else"

    inputs = _inputs

    def torch(x, w_ih, w_hh, b):
        return _torch_lstm(w_ih, w_hh, b, batch_first=True)(x)[0]

    def keras(x, w_ih, w_hh, b):
        return _keras_lstm(w_ih, w_hh, b, return_sequences=True)(x)


class LstmOut(Divergence):
    """torch's LSTM takes time first and returns the sequence; Keras's takes the batch first and returns the last step.

    A batch given to torch's default is read as time, without an error: every sequence is then a mix of all.
    """

    name, apis = "LSTM-OUT", ("torch.nn.LSTM", "keras.layers.LSTM")
    words = ("batch_first", "return_sequences", "time major", "LSTM output shape", "last hidden state")
    gap = float("inf")
    gives = {
        "torch": "float32 (2, 5, 4): -0.0936, 0.098, 0.0242, ...; rms 0.2",
        "keras": "float32 (2, 4): 0.318, 0.0836, 0.00147, ...; rms 0.235",
    }
    source = "torch.nn.LSTM, Inputs and Outputs; keras.layers.LSTM, return_sequences"
    cure = "torch.nn.LSTM(..., batch_first=True); keras.layers.LSTM(..., return_sequences=True)"

    inputs = _inputs

    def torch(x, w_ih, w_hh, b):
        return _torch_lstm(w_ih, w_hh, b)(x)[0]

    def keras(x, w_ih, w_hh, b):
        return _keras_lstm(w_ih, w_hh, b)(x)

    def aligned_torch(x, w_ih, w_hh, b):
        return _torch_lstm(w_ih, w_hh, b, batch_first=True)(x)[0]

    def aligned_keras(x, w_ih, w_hh, b):
        return _keras_lstm(w_ih, w_hh, b, return_sequences=True)(x)

    def recognise(a, b):
        return not (a.batch_first and b.return_sequences)

    def pair():
        import keras
        import torch

        return torch.nn.LSTM(3, 4), keras.layers.LSTM(4)

    def aligned_pair():
        import keras
        import torch

        return torch.nn.LSTM(3, 4, batch_first=True), keras.layers.LSTM(4, return_sequences=True)


class LstmDrop(Divergence):
    """torch's dropout of an LSTM is between its layers, so a single layer has none; Keras's is on the inputs.

    torch warns when there is one layer.  Keras also has recurrent_dropout, which torch has not.
    """

    name, apis = "LSTM-DROP", ("torch.nn.LSTM", "torch.nn.GRU", "keras.layers.LSTM")
    words = ("dropout", "recurrent_dropout", "dropout option adds dropout after all but last recurrent layer")
    gap, units = 1.21, 1.9e7
    arguments = ("dropout",)
    warns = {"torch": "dropout option adds dropout after all but last recurrent layer"}
    source = "torch.nn.LSTM, dropout; keras.layers.LSTM, dropout and recurrent_dropout"
    cure = "a Dropout layer where it is meant, and none in the LSTM"

    inputs = _inputs

    def torch(x, w_ih, w_hh, b):
        return _torch_lstm(w_ih, w_hh, b, batch_first=True, dropout=0.5)(x)[0]

    def keras(x, w_ih, w_hh, b):
        return _keras_lstm(w_ih, w_hh, b, return_sequences=True, dropout=0.5)(
            x,
            training=True,
        )

    def aligned_keras(x, w_ih, w_hh, b):
        return _keras_lstm(w_ih, w_hh, b, return_sequences=True)(
            x,
            training=True,
        )

    def recognise(a, b):
        return b.recurrent_dropout != 0 or (a.num_layers == 1 and b.dropout != 0)

    def pair():
        import keras
        import torch

        return torch.nn.LSTM(3, 4), keras.layers.LSTM(4, dropout=0.5)

    def aligned_pair():
        import keras
        import torch

        return torch.nn.LSTM(3, 4), keras.layers.LSTM(4)


class LstmHard(Divergence):
    """A Keras LSTM can have a hard sigmoid in its gates, as the first versions of Keras had by default; torch's cannot.

    hard_sigmoid is a straight line between -3 and 3.  Weights of an old model fit a new layer, and compute something
    else.
    """

    name, apis = "LSTM-HARD", ("torch.nn.LSTM", "torch.nn.GRU", "keras.layers.LSTM", "keras.layers.GRU")
    words = ("recurrent_activation", "hard_sigmoid", "old Keras model", "gates", "activation")
    gap, units = 0.127, 2.1e6
    arguments = ("recurrent_activation",)
    source = "keras.layers.LSTM, recurrent_activation; torch.nn.LSTM"
    cure = 'recurrent_activation="sigmoid", activation="tanh", the defaults'

    inputs = _inputs

    def torch(x, w_ih, w_hh, b):
        return _torch_lstm(w_ih, w_hh, b, batch_first=True)(x)[0]

    def keras(x, w_ih, w_hh, b):
        return _keras_lstm(
            w_ih,
            w_hh,
            b,
            return_sequences=True,
            recurrent_activation="hard_sigmoid",
        )(x)

    def aligned_keras(x, w_ih, w_hh, b):
        return _keras_lstm(w_ih, w_hh, b, return_sequences=True)(x)

    def recognise(a, b):
        return b.recurrent_activation.__name__ != "sigmoid" or b.activation.__name__ != "tanh"

    def pair():
        import keras
        import torch

        return torch.nn.LSTM(3, 4), keras.layers.LSTM(4, recurrent_activation="hard_sigmoid")

    def aligned_pair():
        import keras
        import torch

        return torch.nn.LSTM(3, 4), keras.layers.LSTM(4)
