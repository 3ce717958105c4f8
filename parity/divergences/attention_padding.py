"""Padding in attention: the polarity of its masks, whom they mask, and rows in which nothing is left."""

import numpy as np

from parity.divergences.attention import keras_attention, torch_attention
from parity.divergences.entry import Divergence


def _inputs(rng, embed=8):
    return {
        "x": rng.normal(size=(3, 5, embed)),
        "packed": rng.normal(0, 0.3, (3 * embed, embed)),
        "out": rng.normal(0, 0.3, (embed, embed)),
        "padding": np.arange(5) >= [[5], [4], [3]],  # beyond the lengths
    }


def _padded(rng):
    """The same, with ones where the padding is."""
    arrays = _inputs(rng)
    return {
        **arrays,
        "x": np.where(arrays["padding"][:, :, None], 1, arrays["x"]),
    }


class MhaPadmask(Divergence):
    """A true is padding in torch's key_padding_mask, and a word in Keras's key_mask.

    With the polarity wrong the padding alone is attended to.
    """

    name, apis = "MHA-PADMASK", ("torch.nn.MultiheadAttention", "keras.layers.MultiHeadAttention")
    words = ("key_padding_mask", "key_mask", "padding", "mask polarity", "src_key_padding_mask")
    gap, units = 1.09, 1.9e7
    source = "torch.nn.MultiheadAttention, key_padding_mask; keras/src/layers/attention/multi_head_attention.py"
    cure = "key_mask = ~key_padding_mask"

    def inputs(rng):
        return {
            **_inputs(rng),
            "padding": np.arange(5) >= np.array([4, 3, 2])[:, None],
        }

    def torch(x, packed, out, padding):
        attention = torch_attention(packed, out, batch_first=True)
        return attention(x, x, x, key_padding_mask=padding)[0]

    def keras(x, packed, out, padding):
        return keras_attention(packed, out)(x, x, key_mask=padding)

    def aligned_keras(x, packed, out, padding):
        return keras_attention(packed, out)(x, x, key_mask=~padding)


class MhaQuerymask(Divergence):
    """A mask that comes with Keras's query also masks the rows of the padding itself; torch masks keys alone.

    It comes from mask_zero or Masking.  A padded row has nothing left then, and its output is an average of all values
    (MHA-FULLMASK); in torch it is attention like another row's.  Whoever averages over time sees it.
    """

    name, apis = "MHA-QUERYMASK", ("torch.nn.MultiheadAttention", "keras.layers.MultiHeadAttention")
    words = ("query_mask", "key_padding_mask", "mask_zero", "Masking", "padded rows differ")
    gap, units = 0.213, 2.3e6
    source = "keras/src/layers/attention/multi_head_attention.py, _compute_attention_mask"
    cure = "key_mask alone in Keras, on tensors without a mask; or leave padded rows out of what follows"

    inputs = _padded

    def torch(x, packed, out, padding):
        attention = torch_attention(packed, out, batch_first=True)
        return attention(x, x, x, key_padding_mask=padding)[0]

    def keras(x, packed, out):
        import keras

        x = keras.layers.Masking(mask_value=1)(x)
        return keras_attention(packed, out)(x, x)

    def aligned_keras(x, packed, out, padding):
        return keras_attention(packed, out)(x, x, key_mask=~padding)


class MhaQuerymaskArg(Divergence):
    """The argument query_mask of Keras's attention is without effect.

    Keras 3.15 replaces it by the mask that the query carries, None where there is none.  key_mask and value_mask are
    heeded.  It looks like an upstream bug: an argument of call is overwritten in its first lines.
    """

    name, apis = "MHA-QUERYMASK-ARG", ("keras.layers.MultiHeadAttention",)
    words = ("query_mask", "mask has no effect", "upstream bug")
    framework = "tf"
    gap, units = 0.066, 8.8e5
    arguments = ("query_mask",)
    source = "keras/src/layers/attention/multi_head_attention.py, call: query_mask = get_keras_mask(query)"
    cure = "attention_mask=query_mask[:, :, None]"
    script = """
        import keras
        import numpy as np

        layer = keras.layers.MultiHeadAttention(num_heads=1, key_dim=4)
        x = np.random.default_rng(0).normal(size=(1, 3, 4)).astype("float32")
        mask = np.array([[True, True, False]])
        plain = np.asarray(layer(x, x))
        masked = np.asarray(layer(x, x, query_mask=mask))
        assert (plain != masked).any(), "query_mask has no effect"
    """

    def inputs(rng):
        return {
            **_inputs(rng),
            "words": np.array([[3, 1, 4], [2, 0, 0]]),
            "table": rng.normal(size=(5, 8)),
        }

    def carried(words, table, packed, out):
        import keras

        query = keras.layers.Embedding(5, 8, weights=[table], mask_zero=True)(
            words,
        )
        value = keras.layers.Embedding(5, 8, weights=[table])(words)
        return keras_attention(packed, out)(query, value)

    def given(words, table, packed, out):
        import keras

        x = keras.layers.Embedding(5, 8, weights=[table])(words)
        return keras_attention(packed, out)(x, x, query_mask=words != 0)

    def aligned_given(words, table, packed, out):
        import keras

        x = keras.layers.Embedding(5, 8, weights=[table])(words)
        attention = keras_attention(packed, out)
        return attention(x, x, attention_mask=(words != 0)[:, :, None])


class MhaFullmask(Divergence):
    """A row in which everything is masked is NaN in torch while weights are asked for, and an average in Keras.

    need_weights=True is torch's default; with need_weights=False it returns zeros.  Keras averages all values
    alike, the masked ones, or returns zeros where scores are asked for (MHA-FULLMASK-SCORES).  One example of
    padding alone makes torch's whole loss NaN.
    """

    name, apis = "MHA-FULLMASK", ("torch.nn.MultiheadAttention", "keras.layers.MultiHeadAttention")
    words = ("nan", "need_weights", "fully masked row", "empty sequence", "attention nan", "padding")
    gap = float("inf")
    gives = {
        "torch": "float32 (3, 5, 8): 0.517, -0.247, 0.341, ...; rms 0.323, 40 nan",
        "keras": "float32 (3, 5, 8): 0.517, -0.247, 0.341, ...; rms 0.275",
    }
    source = "torch/nn/functional.py, multi_head_attention_forward; keras/src/backend/tensorflow/nn.py, _apply_masks"
    cure = "need_weights=False in torch, return_attention_scores=True in Keras: zeros in both"

    def inputs(rng):
        return {
            **_inputs(rng),
            "padding": np.arange(5) >= np.array([5, 3, 0])[:, None],
        }

    def torch(x, packed, out, padding):
        attention = torch_attention(packed, out, batch_first=True)
        return attention(x, x, x, key_padding_mask=padding)[0]

    def keras(x, packed, out, padding):
        return keras_attention(packed, out)(x, x, key_mask=~padding)

    def aligned_torch(x, packed, out, padding):
        attention = torch_attention(packed, out, batch_first=True)
        masked = {"key_padding_mask": padding, "need_weights": False}
        return attention(x, x, x, **masked)[0]

    def aligned_keras(x, packed, out, padding):
        return keras_attention(packed, out)(
            x,
            x,
            key_mask=~padding,
            return_attention_scores=True,
        )[0]


class MhaFullmaskScores(Divergence):
    """Keras's attention returns other outputs when its scores are asked for, where a row is masked whole.

    Zeros with return_attention_scores=True, or with dropout in the layer; the average of all values without, masked
    ones too.  Keras 3.15 takes two ways through its code.  It looks like an upstream bug: looking at scores changes
    outputs.
    """

    name, apis = "MHA-FULLMASK-SCORES", ("keras.layers.MultiHeadAttention", "keras.ops.dot_product_attention")
    words = ("return_attention_scores", "fully masked row", "empty sequence", "outputs change", "upstream bug")
    framework = "tf"
    gap, units = 0.555, 8.6e6
    arguments = ("return_attention_scores",)
    source = (
        "keras/src/layers/attention/multi_head_attention.py, _compute_attention; "
        "keras/src/layers/activations/softmax.py, call"
    )
    cure = "multiply by whether a row has anything left: outputs * any(mask)"
    script = """
        import keras
        import numpy as np

        layer = keras.layers.MultiHeadAttention(num_heads=1, key_dim=4)
        x = np.random.default_rng(0).normal(size=(1, 3, 4)).astype("float32")
        nothing = np.zeros((1, 3), bool)
        plain = np.asarray(layer(x, x, key_mask=nothing))
        with_scores, _ = layer(
            x, x, key_mask=nothing, return_attention_scores=True
        )
        error = np.abs(plain - np.asarray(with_scores)).max()
        assert error < 1e-5, f"outputs change by {error} with the scores"
    """

    def inputs(rng):
        return {
            **_inputs(rng),
            "padding": np.arange(5) >= np.array([5, 3, 0])[:, None],
        }

    def with_scores(x, packed, out, padding):
        return keras_attention(packed, out)(
            x,
            x,
            key_mask=~padding,
            return_attention_scores=True,
        )[0]

    def without(x, packed, out, padding):
        return keras_attention(packed, out)(x, x, key_mask=~padding)

    def aligned_without(x, packed, out, padding):
        import keras

        some = keras.ops.any(~padding, axis=1)[:, None, None]
        return keras_attention(packed, out)(
            x,
            x,
            key_mask=~padding,
        ) * keras.ops.cast(some, x.dtype)
