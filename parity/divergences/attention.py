"""Attention: how its weights are packed, the order of its arguments, and what it returns."""

from parity.divergences.entry import Divergence

HEADS = 2


def _inputs(rng, embed=8):
    return {
        "query": rng.normal(size=(3, 5, embed)),
        "key": rng.normal(size=(3, 5, embed)),
        "value": rng.normal(size=(3, 5, embed)),
        "packed": rng.normal(0, 0.3, (3 * embed, embed)),  # (3E, E)
        "out": rng.normal(0, 0.3, (embed, embed)),
    }


def torch_attention(packed, out, **options):
    """torch's module with these weights and no biases."""
    import torch

    attention = torch.nn.MultiheadAttention(
        len(out),
        HEADS,
        bias=False,
        **options,
    )
    attention.load_state_dict(
        {"in_proj_weight": packed, "out_proj.weight": out},
        assign=True,
    )
    return attention


def keras_attention(packed, out):
    """Keras's layer with these weights, split into heads."""
    import keras

    embed = len(out)
    attention = keras.layers.MultiHeadAttention(
        HEADS,
        embed // HEADS,
        use_bias=False,
    )
    attention.build((None, None, embed), (None, None, embed))
    parts = [
        keras.ops.reshape(keras.ops.transpose(w), (embed, HEADS, -1))
        for w in keras.ops.split(packed, 3)
    ]  # fmt: skip
    attention.set_weights(
        [
            *parts,
            keras.ops.reshape(keras.ops.transpose(out), (HEADS, -1, embed)),
        ],
    )
    return attention


class MhaPack(Divergence):
    """torch packs attention's query, key and value weights into one matrix; Keras keeps three.

    (3E, E) against three times (E, heads, d), with an axis for the heads, and (E, E) against (heads, d, E).  The values
    here are the shapes as they come, and the outputs once the weights are split, transposed and reshaped.
    """

    name, apis = "MHA-PACK", ("torch.nn.MultiheadAttention", "keras.layers.MultiHeadAttention")
    words = ("in_proj_weight", "convert attention weights", "load_state_dict", "heads", "shape mismatch")
    gap = float("inf")
    gives = {"torch": "int64 [24, 8]", "keras": "int64 [8, 2, 4]"}
    source = "torch/nn/modules/activation.py, MultiheadAttention; keras/src/layers/attention/multi_head_attention.py"
    cure = "split in three, transpose, reshape to (E, heads, d)"

    inputs = _inputs

    def torch(packed, out):
        import torch

        return tuple(
            torch.nn.MultiheadAttention(len(out), HEADS).in_proj_weight.shape,
        )

    def keras(packed, out):
        import keras

        attention = keras.layers.MultiHeadAttention(HEADS, len(out) // HEADS)
        attention.build((None, None, len(out)), (None, None, len(out)))
        return tuple(attention.weights[0].shape)

    def aligned_torch(query, packed, out):
        attention = torch_attention(packed, out, batch_first=True)
        return attention(query, query, query)[0]

    def aligned_keras(query, packed, out):
        return keras_attention(packed, out)(query, query)


class MhaOrder(Divergence):
    """torch's attention takes query, key, value; Keras's takes query, value, key.

    All have one shape, so nothing is said.  Self-attention hides it; cross-attention computes with keys for values.
    """

    name, apis = "MHA-ORDER", ("torch.nn.MultiheadAttention", "keras.layers.MultiHeadAttention")
    words = ("query key value", "argument order", "cross attention", "wrong attention output")
    gap, units = 1.27, 1.5e7
    source = "keras.layers.MultiHeadAttention, Call arguments"
    cure = "give them by keyword"

    inputs = _inputs

    def torch(query, key, value, packed, out):
        attention = torch_attention(packed, out, batch_first=True)
        return attention(query, key, value)[0]

    def keras(query, key, value, packed, out):
        return keras_attention(packed, out)(query, key, value)

    def aligned_keras(query, key, value, packed, out):
        return keras_attention(packed, out)(query=query, key=key, value=value)


class MhaRet(Divergence):
    """torch returns attention weights averaged over the heads; Keras returns those of each head, when asked.

    (batch, target, source) against (batch, heads, target, source).  torch's call is a tuple, Keras's a tensor.
    """

    name, apis = "MHA-RET", ("torch.nn.MultiheadAttention", "keras.layers.MultiHeadAttention")
    words = ("attention weights", "attention scores", "return_attention_scores", "average_attn_weights", "tuple")
    gap = float("inf")
    gives = {
        "torch": "float32 (3, 5, 5): 0.406, 0.0566, 0.266, ...; rms 0.229",
        "keras": "float32 (3, 2, 5, 5): 0.499, 0.0634, 0.143, ...; rms 0.254",
    }
    source = "torch.nn.MultiheadAttention, forward; keras.layers.MultiHeadAttention, return_attention_scores"
    cure = "average_attn_weights=False; or average Keras's over axis 1"

    inputs = _inputs

    def torch(query, packed, out):
        attention = torch_attention(packed, out, batch_first=True)
        return attention(query, query, query)[1]

    def keras(query, packed, out):
        attention = keras_attention(packed, out)
        return attention(query, query, return_attention_scores=True)[1]

    def aligned_torch(query, packed, out):
        attention = torch_attention(packed, out, batch_first=True)
        return attention(query, query, query, average_attn_weights=False)[1]


class MhaBf(Divergence):
    """torch's attention takes time first, Keras's the batch first.

    A batch given to torch's default attends across the examples instead of along time, without an error.
    """

    name, apis = "MHA-BF", ("torch.nn.MultiheadAttention", "keras.layers.MultiHeadAttention")
    words = ("batch_first", "attention layout", "time first", "depends on the other examples")
    gap, units = 0.85, 1.1e7
    source = "torch.nn.MultiheadAttention, batch_first"
    cure = "batch_first=True"

    inputs = _inputs

    def torch(query, packed, out):
        return torch_attention(packed, out)(query, query, query)[0]

    def keras(query, packed, out):
        return keras_attention(packed, out)(query, query)

    def aligned_torch(query, packed, out):
        attention = torch_attention(packed, out, batch_first=True)
        return attention(query, query, query)[0]

    def recognise(a, b):
        return not a.batch_first

    def pair():
        import keras
        import torch

        return torch.nn.MultiheadAttention(8, 2), keras.layers.MultiHeadAttention(2, 4)

    def aligned_pair():
        import keras
        import torch

        return torch.nn.MultiheadAttention(8, 2, batch_first=True), keras.layers.MultiHeadAttention(2, 4)


class MhaDim(Divergence):
    """torch's heads share embed_dim, which they must divide; Keras's heads have a size of their own.

    Keras projects to heads · key_dim and back, so four heads of eight work on thirty features.  torch takes thirty over
    four for an error.
    """

    name, apis = "MHA-DIM", ("torch.nn.MultiheadAttention", "keras.layers.MultiHeadAttention")
    words = ("embed_dim must be divisible by num_heads", "key_dim", "head size", "number of heads")
    gap = float("inf")
    gives = {"keras": "int64 [30, 4, 8]"}
    raises = {"torch": ("AssertionError", "embed_dim must be divisible by num_heads")}
    source = "torch/nn/modules/activation.py, MultiheadAttention.__init__; keras.layers.MultiHeadAttention, key_dim"
    cure = "in Keras key_dim = embed_dim / num_heads"
    unaligned = "torch has no head size; torch.nn.functional.scaled_dot_product_attention takes any size"

    def torch():
        import torch

        return list(torch.nn.MultiheadAttention(30, 4).in_proj_weight.shape)

    def keras():
        import keras

        attention = keras.layers.MultiHeadAttention(4, 8)
        attention.build((None, None, 30), (None, None, 30))
        return list(attention.weights[0].shape)


class MhaKeydim(Divergence):
    """key_dim is the size of one head in Keras; embed_dim is that of all heads in torch.

    A model that takes key_dim for the width is as many times as large as it has heads, and is right in every shape that
    one sees.  The value is the number of parameters.
    """

    name, apis = "MHA-KEYDIM", ("torch.nn.MultiheadAttention", "keras.layers.MultiHeadAttention")
    words = ("key_dim", "embed_dim", "head size", "number of parameters", "out of memory")
    gap = 0.972
    source = "keras.layers.MultiHeadAttention, key_dim; torch.nn.MultiheadAttention, embed_dim"
    cure = "key_dim = embed_dim // num_heads"

    def torch():
        import torch

        layer = torch.nn.MultiheadAttention(8, HEADS)
        return sum(p.numel() for p in layer.parameters())

    def keras():
        import keras

        attention = keras.layers.MultiHeadAttention(HEADS, 8)
        attention.build((None, None, 8), (None, None, 8))
        return attention.count_params()

    def aligned_keras():
        import keras

        attention = keras.layers.MultiHeadAttention(HEADS, 8 // HEADS)
        attention.build((None, None, 8), (None, None, 8))
        return attention.count_params()

    def recognise(a, b):
        return a.head_dim != b.key_dim

    def pair():
        import keras
        import torch

        return torch.nn.MultiheadAttention(8, HEADS), keras.layers.MultiHeadAttention(HEADS, 8)

    def aligned_pair():
        import keras
        import torch

        return torch.nn.MultiheadAttention(8, HEADS), keras.layers.MultiHeadAttention(HEADS, 8 // HEADS)
