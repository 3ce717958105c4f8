"""Masks of attention: their polarity, and rows in which nothing is left."""

import numpy as np

from parity.divergences.attention import keras_attention, torch_attention
from parity.divergences.entry import Divergence


def _inputs(rng, embed=8):
    return {
        "x": rng.normal(size=(3, 5, embed)),
        "packed": rng.normal(0, 0.3, (3 * embed, embed)),
        "out": rng.normal(0, 0.3, (embed, embed)),
        "mask": np.tri(5, dtype=bool),  # a position and those before it
    }


class MhaMask(Divergence):
    """A true in a mask forbids attention in torch's module, and allows it in Keras.

    The same causal mask given to both makes one look into the past and the other into the future, and torch's last row
    sees nothing and is NaN.  A mask of floats is added to the scores in torch.
    """

    name, apis = "MHA-MASK", ("torch.nn.MultiheadAttention", "keras.layers.MultiHeadAttention")
    words = ("attn_mask", "attention_mask", "mask polarity", "causal mask", "boolean mask", "nan", "looks ahead")
    gap = float("inf")
    gives = {
        "torch": "float32 (3, 5, 8): 0.295, -0.226, -0.243, ...; rms 0.336, 24 nan",
        "keras": "float32 (3, 5, 8): -1.34, -0.488, 0.98, ...; rms 0.487",
    }
    source = "torch.nn.MultiheadAttention, attn_mask; keras.layers.MultiHeadAttention, attention_mask"
    cure = "attention_mask = ~attn_mask"

    inputs = _inputs

    def torch(x, packed, out, mask):
        attention = torch_attention(packed, out, batch_first=True)
        return attention(x, x, x, attn_mask=mask)[0]

    def keras(x, packed, out, mask):
        return keras_attention(packed, out)(x, x, attention_mask=mask)

    def aligned_torch(x, packed, out, mask):
        attention = torch_attention(packed, out, batch_first=True)
        return attention(x, x, x, attn_mask=~mask)[0]


class MhaMaskSome(Divergence):
    """A mask of the wrong polarity computes something else, without an error, where each row keeps a place.

    As MHA-MASK, with a mask whose rows all have both values, so no NaN gives it away.
    """

    name, apis = "MHA-MASK-SOME", ("torch.nn.MultiheadAttention", "keras.layers.MultiHeadAttention")
    words = ("attn_mask", "attention_mask", "mask polarity", "boolean mask", "inverted mask")
    gap, units = 1.57, 1.6e7
    source = "torch.nn.MultiheadAttention, attn_mask; keras.layers.MultiHeadAttention, attention_mask"
    cure = "attention_mask = ~attn_mask"

    def inputs(rng):
        return {
            **_inputs(rng),
            "mask": (np.arange(5)[:, None] + np.arange(5)) % 2 == 0,
        }

    def torch(x, packed, out, mask):
        attention = torch_attention(packed, out, batch_first=True)
        return attention(x, x, x, attn_mask=mask)[0]

    def keras(x, packed, out, mask):
        return keras_attention(packed, out)(x, x, attention_mask=mask)

    def aligned_keras(x, packed, out, mask):
        return keras_attention(packed, out)(x, x, attention_mask=~mask)


class MhaSdpa(Divergence):
    """A true forbids attention in torch's module, and allows it in torch's function.

    attn_mask of MultiheadAttention and of scaled_dot_product_attention have one name and opposite meanings.  A module
    that is rewritten with the function needs ~mask.
    """

    name = "MHA-SDPA-MASK"
    apis = ("torch.nn.MultiheadAttention", "torch.nn.functional.scaled_dot_product_attention")
    words = ("attn_mask", "mask polarity", "flash attention", "boolean mask", "inverted mask")
    framework = "torch"
    gap, units = 1.56, 2.3e7
    source = "torch.nn.functional.scaled_dot_product_attention, attn_mask; torch.nn.MultiheadAttention, attn_mask"
    cure = "attn_mask=~mask"

    def inputs(rng):
        return {
            **_inputs(rng),
            "mask": (np.arange(5)[:, None] + np.arange(5)) % 2 == 0,
        }

    def module(x, packed, out, mask):
        attention = torch_attention(packed, out, batch_first=True)
        return attention(x, x, x, attn_mask=mask)[0]

    def function(x, packed, out, mask):
        return _by_function(x, packed, out, mask)

    def aligned_function(x, packed, out, mask):
        return _by_function(x, packed, out, ~mask)


def _by_function(x, packed, out, mask):
    """Two heads of the same weights by scaled_dot_product_attention."""
    import torch

    parts = (x @ packed.T).chunk(3, dim=-1)
    q, k, v = (p.unflatten(-1, (2, -1)).transpose(1, 2) for p in parts)
    heads = torch.nn.functional.scaled_dot_product_attention(
        q,
        k,
        v,
        attn_mask=mask,
    )
    return heads.transpose(1, 2).flatten(2) @ out.T


class MhaCausal(Divergence):
    """is_causal alone is an error in torch's module; Keras's use_causal_mask needs nothing else.

    torch takes it for a hint about attn_mask, which must be there too.
    """

    name, apis = "MHA-CAUSAL", ("torch.nn.MultiheadAttention", "keras.layers.MultiHeadAttention")
    words = ("is_causal", "use_causal_mask", "Need attn_mask if specifying the is_causal hint", "causal mask")
    gap = float("inf")
    gives = {"keras": "float32 (3, 5, 8): -0.0692, -0.233, 0.0088, ...; rms 0.632"}
    raises = {"torch": ("RuntimeError", "Need attn_mask if specifying the is_causal hint")}
    source = "torch.nn.MultiheadAttention, is_causal; keras.layers.MultiHeadAttention, use_causal_mask"
    cure = "attn_mask=torch.nn.Transformer.generate_square_subsequent_mask(n), is_causal=True"

    inputs = _inputs

    def torch(x, packed, out):
        attention = torch_attention(packed, out, batch_first=True)
        return attention(x, x, x, is_causal=True)[0]

    def keras(x, packed, out):
        return keras_attention(packed, out)(x, x, use_causal_mask=True)

    def aligned_torch(x, packed, out):
        import torch

        causal = torch.nn.Transformer.generate_square_subsequent_mask(
            x.shape[1],
            dtype=x.dtype,
        )
        attention = torch_attention(packed, out, batch_first=True)
        return attention(x, x, x, attn_mask=causal, is_causal=True)[0]
