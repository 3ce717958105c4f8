"""Attention written by hand: packed or separate projections, crossed declarations, a forgotten scale or mask."""

from functools import partial

import keras
import numpy as np
import torch
from keras import layers, ops
from torch import nn

from parity.tests.gallery import Fault, Pair, normal, trained
from parity.tests.gallery.byhand import array, carry


class Attention(nn.Module):
    """Two heads, causal; the projections are declared in another order than they are called."""

    def __init__(self):
        super().__init__()
        self.v = nn.Linear(8, 8)
        self.out = nn.Linear(8, 8)
        self.q = nn.Linear(8, 8)
        self.k = nn.Linear(8, 8)

    def forward(self, x):
        n, t, c = x.shape
        q, k, v = (f(x).view(n, t, 2, 4).transpose(1, 2) for f in (self.q, self.k, self.v))
        scores = q @ k.transpose(-1, -2) / 2.0
        later = torch.ones(t, t, dtype=torch.bool, device=x.device).triu(1)
        weights = scores.masked_fill(later, float("-inf")).softmax(-1)
        return self.out((weights @ v).transpose(1, 2).reshape(n, t, c))


class Packed(nn.Module):
    """The same with one projection for query, key and value, as in GPT-2."""

    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(8, 24)
        self.out = nn.Linear(8, 8)

    def forward(self, x):
        q, k, v = (a.unflatten(-1, (2, 4)).transpose(1, 2) for a in self.qkv(x).chunk(3, dim=-1))
        y = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.out(y.transpose(1, 2).flatten(2))


def attention():
    return trained(Attention())


def packed():
    return trained(Packed())


def heads(x):
    return ops.transpose(ops.reshape(x, (-1, x.shape[1], 2, 4)), (0, 2, 1, 3))


class KerasAttention(keras.Model):
    def __init__(self, scale=0.5, causal=True):
        super().__init__()
        self.q = layers.Dense(8, name="q")
        self.k = layers.Dense(8, name="k")
        self.v = layers.Dense(8, name="v")
        self.out = layers.Dense(8, name="out")
        self.scale, self.causal = scale, causal

    def call(self, x):
        _, t, c = x.shape
        q, k, v = heads(self.q(x)), heads(self.k(x)), heads(self.v(x))
        scores = ops.matmul(q, ops.swapaxes(k, -1, -2)) * self.scale
        if self.causal:
            later = np.triu(np.ones((t, t), bool), 1)
            scores = ops.where(later, ops.full_like(scores, -1e30), scores)
        y = ops.matmul(ops.softmax(scores), v)
        return self.out(ops.reshape(ops.transpose(y, (0, 2, 1, 3)), (-1, t, c)))


def separate(net, model):
    """One packed projection is three layers in Keras."""
    for name, w, b in zip("qkv", np.split(array(net.qkv.weight), 3), np.split(array(net.qkv.bias), 3)):
        getattr(model, name).set_weights([w.T, b])


def swapped(net, model):
    carry(SWAPPED, net, model)
    model.q.set_weights([array(net.k.weight).T, array(net.k.bias)])
    model.k.set_weights([array(net.q.weight).T, array(net.q.bias)])


X = normal(3, 5, 8)
EDGE = Fault(("v", "out"), part="between")
SWAPPED = Pair(
    "query_and_key_swapped",
    attention,
    KerasAttention,
    X,
    weights="loaded",
    loaded=swapped,
    faults=(Fault(("q", "q"), part="weights"), Fault(("k", "k"), part="weights")),
)

PAIRS = (
    Pair("attention_crossed", attention, KerasAttention, X),
    Pair("attention_packed", packed, KerasAttention, X, by_hand=separate),
    SWAPPED,
    Pair("scores_unscaled", attention, partial(KerasAttention, scale=1.0), X, faults=(EDGE,)),
    Pair("causal_mask_lost", attention, partial(KerasAttention, causal=False), X, faults=(EDGE,)),
)
