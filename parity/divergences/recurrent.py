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
    weights = {"weight_ih_l0": w_ih, "weight_hh_l0": w_hh, "bias_ih_l0": b, "bias_hh_l0": torch.zeros_like(b)}
    lstm.load_state_dict(weights, assign=True)
    return lstm


def _keras_lstm(w_ih, w_hh, b, **options):
    """Keras's layer with the same weights."""
    import keras

    lstm = keras.layers.LSTM(w_hh.shape[1], **options)
    lstm.build((None, None, w_ih.shape[1]))
    lstm.set_weights([keras.ops.transpose(w_ih), keras.ops.transpose(w_hh), b])
    return lstm


class LstmBias(Divergence):
    """torch's LSTM has two biases with equal gradients, Keras's has one.

    Only their sum matters, so together they learn at twice the rate, and the counts of parameters differ.  The value
    here is the gradient of the sum.
    """

    name, apis = "LSTM-BIAS", ("torch.nn.LSTM", "torch.nn.GRU", "keras.layers.LSTM")
    words = ("bias_ih", "bias_hh", "two biases", "number of parameters", "LSTM trains differently")
    gap = 0.5
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


def _both_ways(rng, hidden=4):
    return {**_inputs(rng), **{f"{name}_back": w for name, w in _inputs(rng).items() if name != "x"}}


def _torch_both(w_ih, w_hh, b, w_ih_back, w_hh_back, b_back):
    """torch's bidirectional layer with these weights."""
    import torch

    lstm = torch.nn.LSTM(w_ih.shape[1], w_hh.shape[1], batch_first=True, bidirectional=True)
    forwards = {"weight_ih_l0": w_ih, "weight_hh_l0": w_hh, "bias_ih_l0": b, "bias_hh_l0": 0 * b}
    back = {"weight_ih_l0": w_ih_back, "weight_hh_l0": w_hh_back, "bias_ih_l0": b_back, "bias_hh_l0": 0 * b}
    lstm.load_state_dict({**forwards, **{f"{name}_reverse": w for name, w in back.items()}}, assign=True)
    return lstm


def _keras_both(w_ih, w_hh, b, w_ih_back, w_hh_back, b_back, return_sequences=False, **options):
    """Keras's wrapper with the same weights."""
    import keras

    layer = keras.layers.Bidirectional(keras.layers.LSTM(w_hh.shape[1], return_sequences=return_sequences), **options)
    layer.build((None, None, w_ih.shape[1]))
    transpose = keras.ops.transpose
    layer.set_weights([transpose(w_ih), transpose(w_hh), b, transpose(w_ih_back), transpose(w_hh_back), b_back])
    return layer


class LstmBi(Divergence):
    """The last output of a bidirectional LSTM is not the same state in torch and Keras.

    out[:, -1] in torch has the backward direction after its first step, which saw one input alone.  Keras concatenates
    the final states of both directions.
    """

    name, apis = "LSTM-BI", ("torch.nn.LSTM", "torch.nn.GRU", "keras.layers.Bidirectional")
    words = ("bidirectional", "last output", "last hidden state", "backward direction", "h_n")
    gap = 0.797
    source = "torch.nn.LSTM, Note on bidirectional; keras/src/layers/rnn/bidirectional.py, call"
    cure = "torch.cat([h_n[-2], h_n[-1]], dim=-1)"

    inputs = _both_ways

    def torch(x, w_ih, w_hh, b, w_ih_back, w_hh_back, b_back):
        out, _ = _torch_both(w_ih, w_hh, b, w_ih_back, w_hh_back, b_back)(x)
        return out[:, -1]

    def keras(x, w_ih, w_hh, b, w_ih_back, w_hh_back, b_back):
        return _keras_both(w_ih, w_hh, b, w_ih_back, w_hh_back, b_back)(x)

    def aligned_torch(x, w_ih, w_hh, b, w_ih_back, w_hh_back, b_back):
        import torch

        _, (h_n, _) = _torch_both(w_ih, w_hh, b, w_ih_back, w_hh_back, b_back)(x)
        return torch.cat([h_n[-2], h_n[-1]], dim=-1)


class LstmMerge(Divergence):
    """Keras's Bidirectional can add, multiply or average its two directions; torch always concatenates.

    The default, "concat", is torch's.
    """

    name, apis = "LSTM-MERGE", ("torch.nn.LSTM", "torch.nn.GRU", "keras.layers.Bidirectional")
    words = ("bidirectional", "merge_mode", "shape mismatch", "sum", "ave")
    gap = float("inf")
    source = "keras.layers.Bidirectional, merge_mode"
    cure = 'merge_mode="concat"; or add the two halves of torch\'s output'

    inputs = _both_ways

    def torch(x, w_ih, w_hh, b, w_ih_back, w_hh_back, b_back):
        return _torch_both(w_ih, w_hh, b, w_ih_back, w_hh_back, b_back)(x)[0]

    def keras(x, w_ih, w_hh, b, w_ih_back, w_hh_back, b_back):
        weights = (w_ih, w_hh, b, w_ih_back, w_hh_back, b_back)
        return _keras_both(*weights, return_sequences=True, merge_mode="sum")(x)

    def aligned_torch(x, w_ih, w_hh, b, w_ih_back, w_hh_back, b_back):
        out, _ = _torch_both(w_ih, w_hh, b, w_ih_back, w_hh_back, b_back)(x)
        forwards, back = out.chunk(2, dim=-1)
        return forwards + back

    def recognise(a, b):
        return a.bidirectional and b.merge_mode != "concat"

    def pair():
        import keras
        import torch

        both = keras.layers.Bidirectional(keras.layers.LSTM(4), merge_mode="sum")
        return torch.nn.LSTM(3, 4, bidirectional=True), both

    def aligned_pair():
        import keras
        import torch

        return torch.nn.LSTM(3, 4, bidirectional=True), keras.layers.Bidirectional(keras.layers.LSTM(4))


class LstmDrop(Divergence):
    """torch's dropout of an LSTM is between its layers, so a single layer has none; Keras's is on the inputs.

    torch warns when there is one layer.  Keras also has recurrent_dropout, which torch has not.
    """

    name, apis = "LSTM-DROP", ("torch.nn.LSTM", "torch.nn.GRU", "keras.layers.LSTM")
    words = ("dropout", "recurrent_dropout", "dropout option adds dropout after all but last recurrent layer")
    gap = 1.21
    warns = {"torch": "dropout option adds dropout after all but last recurrent layer"}
    source = "torch.nn.LSTM, dropout; keras.layers.LSTM, dropout and recurrent_dropout"
    cure = "a Dropout layer where it is meant, and none in the LSTM"

    inputs = _inputs

    def torch(x, w_ih, w_hh, b):
        return _torch_lstm(w_ih, w_hh, b, batch_first=True, dropout=0.5)(x)[0]

    def keras(x, w_ih, w_hh, b):
        return _keras_lstm(w_ih, w_hh, b, return_sequences=True, dropout=0.5)(x, training=True)

    def aligned_keras(x, w_ih, w_hh, b):
        return _keras_lstm(w_ih, w_hh, b, return_sequences=True)(x, training=True)

    def recognise(a, b):
        return b.dropout != 0 or b.recurrent_dropout != 0

    def pair():
        import keras
        import torch

        return torch.nn.LSTM(3, 4), keras.layers.LSTM(4, dropout=0.5)

    def aligned_pair():
        import keras
        import torch

        return torch.nn.LSTM(3, 4), keras.layers.LSTM(4)
