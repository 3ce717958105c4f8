"""Weights carried over by hand, one rule a layer: what proves the pairs, and what their loaders begin with."""

import numpy as np


def array(tensor):
    return tensor.detach().cpu().numpy()


def recurrent(module, layer=0, reverse=""):
    """`kernel`, `recurrent_kernel` and `bias` of one direction of one layer of torch's LSTM, GRU or RNN."""
    end = f"l{layer}{reverse}"
    parts = [array(getattr(module, f"{kind}_{end}")) for kind in ("weight_ih", "weight_hh")]
    parts += [array(getattr(module, f"{kind}_{end}")) for kind in ("bias_ih", "bias_hh")] if module.bias else []
    if type(module).__name__ == "GRU":  # r, z, n in torch and z, r, n in Keras
        parts = [np.concatenate([np.split(p, 3)[i] for i in (1, 0, 2)]) for p in parts]
    kernels = [p.T for p in parts[:2]]
    if not module.bias:
        return kernels
    return [*kernels, np.stack(parts[2:]) if type(module).__name__ == "GRU" else parts[2] + parts[3]]


def attention(module):
    """The weights of Keras's MultiHeadAttention: query, key, value (i, heads, size) and output (heads, size, i)."""
    width, heads = module.embed_dim, module.num_heads
    found = []
    for w, b in zip(np.split(array(module.in_proj_weight), 3), np.split(array(module.in_proj_bias), 3)):
        found += [w.T.reshape(width, heads, -1), b.reshape(heads, -1)]
    return [*found, array(module.out_proj.weight).T.reshape(heads, -1, width), array(module.out_proj.bias)]


def weights_of(module, layer):
    """The weights of a torch module in the order and layout of its Keras partner."""
    kind = type(module).__name__
    own = [array(p) for p in module.parameters(recurse=False)]
    if kind == "Linear":
        return [own[0].T, *own[1:]]
    if kind.startswith("Conv"):
        w = own[0]
        if type(layer).__name__.startswith("Depthwise"):  # one filter of one channel: (c·m, 1, h, w) -> (h, w, c, m)
            w = w.reshape(module.groups, -1, *w.shape[2:])
            return [np.moveaxis(w, (0, 1), (-2, -1)), *own[1:]]
        return [np.moveaxis(w, (0, 1), (-1, -2)), *own[1:]]  # oihw -> hwio; a transposed one iohw -> hwoi
    if kind.startswith("BatchNorm"):
        return [*own, array(module.running_mean), array(module.running_var)]
    if kind in ("LSTM", "GRU", "RNN"):
        return [*recurrent(module), *(recurrent(module, reverse="_reverse") if module.bidirectional else [])]
    if kind == "MultiheadAttention":
        return attention(module)
    if kind == "PReLU":
        return [np.broadcast_to(own[0], layer.weights[0].shape)]
    return own


def layers_of(keras_net):
    """Every layer of a Keras model by its name, those inside other layers too."""
    return {layer.name: layer for layer in keras_net._flatten_layers(include_self=False)}


def partners(pair, torch_net, keras_net):
    """Torch's name -> the module and its Keras partner, by the pair's table or by their common name."""
    layers = layers_of(keras_net)
    found = {}
    for name, module in torch_net.named_modules():
        layer = layers.get(pair.partners.get(name, name.replace(".", "_")))
        if name and layer is not None:
            found[name] = (module, layer)
    return found


def carry(pair, torch_net, keras_net):
    """Carry over every weight, layer by layer, and then what the pair does by hand."""
    for module, layer in partners(pair, torch_net, keras_net).values():
        if layer.weights and not list(module.children())[1:]:
            layer.set_weights(weights_of(module, layer))
    if pair.by_hand:
        pair.by_hand(torch_net, keras_net)
