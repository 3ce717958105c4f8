"""A transformer's encoder layer around the frameworks' own attention, with masks."""

from functools import partial

import keras
import torch.nn.functional as F
from keras import layers
from torch import nn

from parity.tests.gallery import Fault, Pair, normal, trained


class Encoder(nn.Module):
    """x (n, t, c) and words (n, t), true where there is a word."""

    def __init__(self, pre=False):
        super().__init__()
        self.attn = nn.MultiheadAttention(8, 2, batch_first=True)
        self.norm1 = nn.LayerNorm(8)
        self.fc1 = nn.Linear(8, 16)
        self.fc2 = nn.Linear(16, 8)
        self.norm2 = nn.LayerNorm(8)
        self.pre = pre

    def forward(self, x, words):
        if self.pre:
            x = x + self._attend(self.norm1(x), words)
            return x + self.fc2(F.gelu(self.fc1(self.norm2(x))))
        x = self.norm1(x + self._attend(x, words))
        return self.norm2(x + self.fc2(F.gelu(self.fc1(x))))

    def _attend(self, x, words):
        return self.attn(x, x, x, key_padding_mask=~words, need_weights=False)[0]


def encoder(pre=False):
    return trained(Encoder(pre))


def keras_encoder(pre=False, epsilon=1e-5, mask="keys", residual="input"):
    x, words = keras.Input((5, 8), name="x"), keras.Input((5,), dtype="bool", name="words")
    attn = layers.MultiHeadAttention(2, 4, name="attn")
    norm1 = layers.LayerNormalization(epsilon=epsilon, name="norm1")
    norm2 = layers.LayerNormalization(epsilon=epsilon, name="norm2")
    fc1, fc2 = layers.Dense(16, activation="gelu", name="fc1"), layers.Dense(8, name="fc2")
    given = {"keys": words, "padding": keras.ops.logical_not(words)}
    mask = {"attention_mask": given[mask][:, None, :]} if mask else {}
    if pre:
        h = norm1(x)
        y = (h if residual == "norm" else x) + attn(h, h, **mask)
        y = y + fc2(fc1(norm2(y)))
    else:
        y = norm1(x + attn(x, x, **mask))
        y = norm2(y + fc2(fc1(y)))
    return keras.Model([x, words], y)


def inputs(rng):
    """Every row has words and padding, so that no row is masked whole under either reading."""
    words = rng.random((3, 5)) < 0.5
    words[:, 0], words[:, -1] = True, False
    return {"x": normal(3, 5, 8)(rng), "words": words}


class Decoder(nn.Module):
    """Attention of one sequence to another, whose keys have positions and whose values have none."""

    def __init__(self):
        super().__init__()
        self.attn = nn.MultiheadAttention(8, 2, batch_first=True)
        self.fc = nn.Linear(8, 4)

    def forward(self, x, keys, values):
        return self.fc(self.attn(x, keys, values)[0])


def decoder():
    return trained(Decoder())


def keras_decoder(named=True):
    x, keys, values = keras.Input((5, 8)), keras.Input((7, 8)), keras.Input((7, 8))
    attn = layers.MultiHeadAttention(2, 4, name="attn")
    y = attn(x, key=keys, value=values) if named else attn(x, keys, values)
    return keras.Model([x, keys, values], layers.Dense(4, name="fc")(y))


def three(rng):
    return normal(3, 5, 8)(rng), normal(3, 7, 8)(rng), normal(3, 7, 8)(rng)


ATTN = ("attn", "attn")
EPS = (Fault(("norm1", "norm1"), "LN-EPS"), Fault(("norm2", "norm2"), "LN-EPS"))
POST, PRE = encoder, partial(encoder, True)

PAIRS = (
    Pair("encoder_post_norm", POST, keras_encoder, inputs),
    Pair("encoder_pre_norm", PRE, partial(keras_encoder, True), inputs),
    Pair("encoder_eps", POST, partial(keras_encoder, epsilon=1e-3), inputs, faults=EPS),
    Pair("padding_mask_lost", POST, partial(keras_encoder, mask=None), inputs, faults=(Fault(ATTN, part="call"),)),
    Pair(
        "padding_mask_inverted",
        POST,
        partial(keras_encoder, mask="padding"),
        inputs,
        faults=(Fault(ATTN, "MHA-MASK-SOME", "call"),),
    ),
    Pair(
        "residual_after_norm",
        PRE,
        partial(keras_encoder, True, residual="norm"),
        inputs,
        faults=(Fault(("attn", "norm2"), part="between"),),
    ),
    Pair(
        "residual_after_norm_and_eps",
        PRE,
        partial(keras_encoder, True, 1e-3, residual="norm"),
        inputs,
        faults=(*EPS, Fault(("attn", "norm2"), part="between")),
    ),
    Pair("cross_attention", decoder, keras_decoder, three),
    Pair(
        "query_key_value_order",
        decoder,
        partial(keras_decoder, named=False),
        three,
        faults=(Fault(ATTN, "MHA-ORDER", "call"),),
    ),
)
