"""Initialisation in PyTorch."""

import copy
import math

import torch
from torch import nn


def build(params):
    first, second, third = params.values()
    net = nn.Sequential(
        nn.Linear(first.shape[1], first.shape[0]),
        nn.ReLU(),
        nn.Linear(second.shape[1], second.shape[0]),
        nn.ReLU(),
        nn.Linear(third.shape[1], third.shape[0]),
    ).to(first)
    return net, _given(net, params, _xavier_bound), _given(net, params, _kaiming_bound)


def xavier(model, batch):
    _, net, _ = model
    return _forward(net, batch["x"])


def kaiming(model, batch):
    _, _, net = model
    return _forward(net, batch["x"])


def native(model, batch):
    default, *_ = model
    xavier, kaiming, normal = (copy.deepcopy(default) for _ in range(3))
    for layer in _linear(xavier):
        nn.init.xavier_uniform_(layer.weight)
    for layer in _linear(kaiming):
        nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")
    for layer in _linear(normal):
        nn.init.xavier_normal_(layer.weight)
    return {
        "xavier": _deviations(xavier),
        "kaiming": _deviations(kaiming),
        "normal": _deviations(normal),
        "default": _deviations(default),
        "xavier_fits": _fits(xavier, _xavier_bound),
        "kaiming_fits": _fits(kaiming, _kaiming_bound),
        "normal_fits": _fits(normal, _xavier_bound),
        "default_is_xavier": _fits(default, _xavier_bound),
        "default_is_kaiming": _fits(default, _kaiming_bound),
    }


def _given(net, params, bound):
    net, state = copy.deepcopy(net), {}
    for name, draws in params.items():
        layer = name.removesuffix(".draws")
        state[f"{layer}.weight"] = (2 * draws - 1) * bound(*draws.shape)  # Linear: within ±1 / √fan_in (INIT-DENSE-W)
        state[f"{layer}.bias"] = draws.new_zeros(len(draws))  # nn.init.zeros_ would do; Linear draws it (INIT-DENSE-B)
    net.load_state_dict(state)
    return net


def _forward(net, a):
    deviations = []
    with torch.no_grad():
        for layer in net:
            a = layer(a)
            if isinstance(layer, nn.Linear):
                deviations.append(a.std(correction=0))
    weights = {name: w for name, w in net.named_parameters() if name.endswith("weight")}
    return {**weights, "deviations": torch.stack(deviations)}


def _linear(net):
    return [layer for layer in net if isinstance(layer, nn.Linear)]


def _deviations(net):
    return torch.stack([layer.weight.std() for layer in _linear(net)])


def _fits(net, bound):
    # Of n uniform draws the largest lies more than 20 / n below the bound once in e²⁰; a normal's goes beyond.
    weights = [layer.weight.detach() for layer in _linear(net)]
    return [abs(1 - float(w.abs().max()) / bound(*w.shape)) < 20 / w.numel() for w in weights]


def _xavier_bound(fan_out, fan_in):
    return math.sqrt(6 / (fan_in + fan_out))


def _kaiming_bound(fan_out, fan_in):
    return math.sqrt(6 / fan_in)
