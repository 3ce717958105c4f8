"""Both models of a pair with the user's weights, and what each layer is fed on either side."""

from types import SimpleNamespace
from unittest import mock

import keras
import numpy as np
import torch

from parity.tests.gallery.byhand import array, carry, partners

SPATIAL = ("Conv", "BatchNorm", "GroupNorm", "MaxPool", "AvgPool", "Upsample", "PixelShuffle")


def last(a):
    """Channels last."""
    return np.moveaxis(a, 1, -1)


def built(pair):
    """The two models in Keras's floatx and in eval mode, their partners, and functions that run them."""
    real = keras.config.floatx()
    net, model = pair.torch_net().to(getattr(torch, real)), pair.keras_net()
    x = pair.inputs(np.random.default_rng(0))
    named = x if isinstance(x, dict) else dict(enumerate(x if isinstance(x, tuple) else (x,)))
    named = {name: a.astype(real) if a.dtype == np.float32 else a for name, a in named.items()}
    shapes = {tuple(given.shape[1:]) for given in getattr(model, "inputs", None) or ()}
    theirs = {name: last(a) if shapes and a.shape[1:] not in shapes else a for name, a in named.items()}
    theirs = theirs if isinstance(x, dict) else [*theirs.values()] if isinstance(x, tuple) else theirs[0]
    model(theirs)  # a subclassed model has no weights before its first call
    if pair.loaded:
        pair.loaded(net, model)
    else:
        carry(pair, net, model)
    ours = {name: torch.tensor(a) for name, a in named.items()}
    return SimpleNamespace(
        net=net,
        model=model,
        partners=partners(pair, net, model),
        run_net=lambda: _list(net(**ours) if isinstance(x, dict) else net(*ours.values())),
        run_model=lambda training: _list(model(theirs, training=training)),
    )


def watched(pair, both):
    """Torch's name -> what the layer and its partner are fed and return, in the order of torch's calls."""
    seen = {name: SimpleNamespace(module=m, layer=k) for name, (m, k) in both.partners.items()}
    by_layer = {found.layer.name: found for found in seen.values()}
    by_module = {found.module: (name, found) for name, found in seen.items()}
    calls, original = {}, keras.layers.Layer.__call__

    def hook(module, given, result):
        name, found = by_module[module]
        result = result[0] if isinstance(result, tuple) else result
        found.x, found.y = array(given[0]).copy(), array(result).copy()  # an activation in place writes over them
        calls[name] = found

    def call(layer, x, *args, **options):
        if layer.name in by_layer:
            by_layer[layer.name].theirs = np.asarray(x)
        return original(layer, x, *args, **options)

    handles = [module.register_forward_hook(hook) for module in by_module]
    ours = [array(y) for y in both.run_net()]
    with mock.patch.object(keras.layers.Layer, "__call__", call):
        theirs = [np.asarray(y) for y in both.run_model(training=False)]
    for handle in handles:
        handle.remove()
    return calls, [(last(a) if a.shape != b.shape else a, b) for a, b in zip(ours, theirs)]


def in_keras_layout(a, found):
    """A tensor of a torch module as its partner has it."""
    first = getattr(found.layer, "data_format", "channels_last") == "channels_first"
    spatial = type(found.module).__name__.startswith(SPATIAL) and a.ndim > 2
    return last(a) if (spatial or a.ndim > 3) and not first else a


def x_of(found):
    """What torch's layer is fed, with the padding that is a layer or a function on one side and a number on the other.

    What Keras pads with is Keras's: zeros before a max-pool are a fault of the pool, as a number is.
    """
    x, theirs = in_keras_layout(found.x, found), found.theirs
    more = [(t - a) // 2 if t > a else 0 for a, t in zip(x.shape, theirs.shape)]
    less = tuple(slice(a - t if a > t else 0, None) for a, t in zip(x.shape, theirs.shape))  # causal: at the front
    return np.pad(x[less], [(m, m) for m in more], constant_values=theirs.flat[0]) if any(more) else x[less]


def last_step(y, found):
    """The last state of a recurrence: that of the backward direction is at the first step."""
    half = found.module.hidden_size
    return np.concatenate([y[:, -1, :half], y[:, 0, half:]], axis=1)


def isolated(found):
    """Keras's output on torch's input, and torch's; an activation that is an argument is left out.

    None for attention, whose masks are arguments of its call.
    """
    if type(found.module).__name__ == "MultiheadAttention":
        return None
    linear = type(found.module).__name__.startswith(("Linear", "Conv"))
    own = found.layer.activation if linear else None
    if linear:
        found.layer.activation = keras.activations.linear
    y = np.asarray(found.layer(x_of(found), training=False))
    if linear:
        found.layer.activation = own
    truth = in_keras_layout(found.y, found)
    return y, last_step(truth, found) if y.ndim < truth.ndim else truth


def _list(y):
    return list(y) if isinstance(y, tuple | list) else [y]
