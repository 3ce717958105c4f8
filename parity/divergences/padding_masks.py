"""Padding of sequences: what mask_zero does downstream."""

import numpy as np

from parity.divergences.entry import Divergence

HIDDEN, WORDS, WIDTH = 4, 6, 3


def _inputs(rng):
    return {
        "words": np.array(
            [[3, 1, 4, 1, 5], [2, 5, 1, 0, 0], [4, 2, 0, 0, 0]],
        ),  # 0 is padding
        "table": rng.normal(size=(WORDS, WIDTH)),
        "w_ih": rng.normal(0, 0.5, (4 * HIDDEN, WIDTH)),
        "w_hh": rng.normal(0, 0.5, (4 * HIDDEN, HIDDEN)),
        "b": rng.normal(0, 0.5, 4 * HIDDEN),
    }


def _torch_layers(table, w_ih, w_hh, b):
    import torch

    lstm = torch.nn.LSTM(WIDTH, HIDDEN, batch_first=True)
    weights = {
        "weight_ih_l0": w_ih,
        "weight_hh_l0": w_hh,
        "bias_ih_l0": b,
        "bias_hh_l0": torch.zeros_like(b),
    }
    lstm.load_state_dict(weights, assign=True)
    return torch.nn.Embedding.from_pretrained(table), lstm


def _keras_layers(table, w_ih, w_hh, b, **options):
    import keras

    embedding, lstm = (
        keras.layers.Embedding(WORDS, WIDTH, weights=[table], **options),
        keras.layers.LSTM(HIDDEN),
    )
    lstm.build((None, None, WIDTH))
    lstm.set_weights(
        [keras.ops.transpose(w_ih), keras.ops.transpose(w_hh), b],
    )
    return embedding, lstm


class MaskZero(Divergence):
    """Keras's mask_zero makes every later layer skip the padding; torch's padding_idx does not.

    An LSTM keeps its state over masked steps, so the last one is the last word's.  torch's LSTM reads the padding
    unless the batch is packed.  padding_idx holds one row at zero and masks nothing.
    """

    name = "MASK-ZERO"
    apis = (
        "torch.nn.Embedding", "torch.nn.utils.rnn.pack_padded_sequence", "keras.layers.Embedding", "keras.layers.LSTM",
        "keras.layers.Masking",
    )  # fmt: skip
    words = ("mask_zero", "padding_idx", "padding", "variable length", "pack_padded_sequence", "masking", "last word")
    gap, units = 1.1, 1.4e7
    arguments = ("mask_zero", "padding_idx", "Masking", "pack_padded_sequence")
    source = "Keras guide: Understanding masking and padding; torch.nn.utils.rnn.pack_padded_sequence"
    cure = "torch.nn.utils.rnn.pack_padded_sequence with the lengths, and h_n for the last state"

    inputs = _inputs

    def torch(words, table, w_ih, w_hh, b):
        embedding, lstm = _torch_layers(table, w_ih, w_hh, b)
        return lstm(embedding(words))[1][0][0]

    def keras(words, table, w_ih, w_hh, b):
        embedding, lstm = _keras_layers(table, w_ih, w_hh, b, mask_zero=True)
        return lstm(embedding(words))

    def aligned_torch(words, table, w_ih, w_hh, b):
        import torch

        embedding, lstm = _torch_layers(table, w_ih, w_hh, b)
        lengths = (words != 0).sum(1)
        return lstm(
            torch.nn.utils.rnn.pack_padded_sequence(
                embedding(words),
                lengths,
                batch_first=True,
            ),
        )[1][0][0]

    def recognise(a, b):
        return a.padding_idx is None and b.mask_zero

    def pair():
        import keras
        import torch

        return torch.nn.Embedding(WORDS, WIDTH), keras.layers.Embedding(WORDS, WIDTH, mask_zero=True)

    def aligned_pair():
        import keras
        import torch

        return torch.nn.Embedding(WORDS, WIDTH), keras.layers.Embedding(WORDS, WIDTH)


class MaskPool(Divergence):
    """Keras's global average over time leaves masked steps out; a mean in torch counts them.

    The shorter the sequence the smaller torch's mean.
    """

    name, apis = "MASK-POOL", ("keras.layers.GlobalAveragePooling1D", "keras.layers.Embedding", "torch.Tensor.mean")
    words = ("mask_zero", "mean pooling", "average over time", "padding", "sentence embedding", "masking")
    gap, units = 0.58, 1.3e7
    arguments = ("mask_zero", "Masking")
    source = "keras/src/layers/pooling/global_average_pooling1d.py, call"
    cure = "(x * mask).sum(1) / mask.sum(1)"

    inputs = _inputs

    def torch(words, table):
        import torch

        return torch.nn.Embedding.from_pretrained(table)(words).mean(1)

    def keras(words, table):
        import keras

        embedding = keras.layers.Embedding(
            WORDS,
            WIDTH,
            weights=[table],
            mask_zero=True,
        )
        return keras.layers.GlobalAveragePooling1D()(embedding(words))

    def aligned_torch(words, table):
        import torch

        mask = (words != 0)[:, :, None]
        return (torch.nn.Embedding.from_pretrained(table)(words) * mask).sum(
            1,
        ) / mask.sum(1)


class MaskLoss(Divergence):
    """A mask that reaches the output of a Keras model leaves its steps out of the loss, too.

    compile's losses take the mask from the last layer's output, and average over what is left.  In torch ignore_index
    does it for one loss alone, when it is given.
    """

    name = "MASK-LOSS"
    apis = ("keras.layers.Embedding", "keras.Model.evaluate", "torch.nn.MSELoss", "torch.nn.CrossEntropyLoss")
    words = ("mask_zero", "masked loss", "padding in the loss", "ignore_index", "loss per token")
    gap, units = 0.381, 9.7e6
    arguments = ("mask_zero", "Masking")
    source = "keras/src/losses/loss.py, Loss.__call__: mask; Keras guide: Understanding masking and padding"
    cure = "average over the words alone: loss[mask].mean()"

    def inputs(rng):
        arrays = _inputs(rng)
        padding = arrays["words"] == 0
        return {
            **arrays,
            "y": rng.normal(size=(3, 5, WIDTH)) + 3 * padding[:, :, None],
        }

    def torch(words, table, y):
        import torch

        return torch.nn.functional.mse_loss(
            torch.nn.Embedding.from_pretrained(table)(words),
            y,
        )

    def keras(words, table, y):
        import keras

        model = keras.Sequential(
            [
                keras.layers.Embedding(
                    WORDS,
                    WIDTH,
                    weights=[table],
                    mask_zero=True,
                ),
            ],
        )
        model.compile(loss="mse", jit_compile=False)
        return model.evaluate(words, y, verbose=0)

    def aligned_torch(words, table, y):
        import torch

        return torch.nn.functional.mse_loss(
            torch.nn.Embedding.from_pretrained(table)(words)[words != 0],
            y[words != 0],
        )
