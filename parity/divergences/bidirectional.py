"""Bidirectional recurrent layers: what their output is."""

from parity.divergences.entry import Divergence

HIDDEN = 4


def _inputs(rng):
    """A sequence, and the weights of the two directions."""
    shapes = {
        "w_ih": (4 * HIDDEN, 3),
        "w_hh": (4 * HIDDEN, HIDDEN),
        "b": (4 * HIDDEN,),
    }
    weights = {
        f"{name}{way}": rng.normal(0, 0.5, shape)
        for way in ("", "_back")
        for name, shape in shapes.items()
    }  # fmt: skip
    return {"x": rng.normal(size=(2, 5, 3)), **weights}


def _torch_both(w_ih, w_hh, b, w_ih_back, w_hh_back, b_back):
    """torch's bidirectional layer with these weights."""
    import torch

    lstm = torch.nn.LSTM(
        w_ih.shape[1],
        w_hh.shape[1],
        batch_first=True,
        bidirectional=True,
    )
    forwards = {
        "weight_ih_l0": w_ih,
        "weight_hh_l0": w_hh,
        "bias_ih_l0": b,
        "bias_hh_l0": 0 * b,
    }
    back = {
        "weight_ih_l0": w_ih_back,
        "weight_hh_l0": w_hh_back,
        "bias_ih_l0": b_back,
        "bias_hh_l0": 0 * b,
    }
    lstm.load_state_dict(
        {**forwards, **{f"{name}_reverse": w for name, w in back.items()}},
        assign=True,
    )
    return lstm


def _keras_both(
    w_ih,
    w_hh,
    b,
    w_ih_back,
    w_hh_back,
    b_back,
    return_sequences=False,
    **options,
):
    """Keras's wrapper with the same weights."""
    import keras

    layer = keras.layers.Bidirectional(
        keras.layers.LSTM(w_hh.shape[1], return_sequences=return_sequences),
        **options,
    )
    layer.build((None, None, w_ih.shape[1]))
    transpose = keras.ops.transpose
    layer.set_weights(
        [
            transpose(w_ih),
            transpose(w_hh),
            b,
            transpose(w_ih_back),
            transpose(w_hh_back),
            b_back,
        ],
    )
    return layer


class LstmBi(Divergence):
    """The last output of a bidirectional LSTM is not the same state in torch and Keras.

    out[:, -1] in torch has the backward direction after its first step, which saw one input alone.  Keras concatenates
    the final states of both directions.
    """

    name, apis = "LSTM-BI", ("torch.nn.LSTM", "torch.nn.GRU", "keras.layers.Bidirectional")
    words = ("bidirectional", "last output", "last hidden state", "backward direction", "h_n")
    gap, units = 1.81, 2.1e7
    arguments = ("bidirectional", "Bidirectional")
    source = "torch.nn.LSTM, Note on bidirectional; keras/src/layers/rnn/bidirectional.py, call"
    cure = "torch.cat([h_n[-2], h_n[-1]], dim=-1)"

    inputs = _inputs

    def torch(x, w_ih, w_hh, b, w_ih_back, w_hh_back, b_back):
        out, _ = _torch_both(w_ih, w_hh, b, w_ih_back, w_hh_back, b_back)(x)
        return out[:, -1]

    def keras(x, w_ih, w_hh, b, w_ih_back, w_hh_back, b_back):
        return _keras_both(w_ih, w_hh, b, w_ih_back, w_hh_back, b_back)(x)

    def aligned_torch(x, w_ih, w_hh, b, w_ih_back, w_hh_back, b_back):
        import torch

        _, (h_n, _) = _torch_both(w_ih, w_hh, b, w_ih_back, w_hh_back, b_back)(
            x,
        )
        return torch.cat([h_n[-2], h_n[-1]], dim=-1)


class LstmMerge(Divergence):
    """Keras's Bidirectional can add, multiply or average its two directions; torch always concatenates.

    The default, "concat", is torch's.
    """

    name, apis = "LSTM-MERGE", ("torch.nn.LSTM", "torch.nn.GRU", "keras.layers.Bidirectional")
    words = ("bidirectional", "merge_mode", "shape mismatch", "sum", "ave")
    gap = float("inf")
    arguments = ("merge_mode", "Bidirectional")
    gives = {
        "torch": "float32 (2, 5, 8): -0.0502, -0.145, 0.163, ...; rms 0.152",
        "keras": "float32 (2, 5, 4): -0.0769, 0.0205, 0.185, ...; rms 0.213",
    }
    source = "keras.layers.Bidirectional, merge_mode"
    cure = 'merge_mode="concat"; or add the two halves of torch\'s output'

    inputs = _inputs

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
