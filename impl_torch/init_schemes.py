"""Initialisation in PyTorch."""

import math

import torch
import torch.nn.functional as F
from torch import nn


def build(params):
    return params


def xavier(model, batch):
    return _initialised(model, batch["x"], _xavier_bound)


def kaiming(model, batch):
    return _initialised(model, batch["x"], _kaiming_bound)


def native(model, batch):
    draws, generator = model["0.draws"], torch.Generator()
    generator.seed()
    found, within = {}, True
    for name, initialise, bound in (
        ("xavier", nn.init.xavier_uniform_, _xavier_bound),
        (
            "kaiming",
            lambda w, generator: nn.init.kaiming_uniform_(w, nonlinearity="relu", generator=generator),
            _kaiming_bound,
        ),
    ):
        w = initialise(torch.empty_like(draws), generator=generator)
        found[name] = w.std(correction=0)
        limit = torch.tensor(bound(*draws.shape), dtype=draws.dtype)
        within = within and bool(w.abs().max() <= torch.nextafter(limit, torch.tensor(math.inf, dtype=draws.dtype)))
    return {**found, "within_bounds": within}


def _initialised(model, a, bound):
    weights, deviations = {}, []
    for layer in range(len(model)):
        draws = model[f"{layer}.draws"]
        w = (2 * draws - 1) * bound(*draws.shape)  # nn.Linear would draw within ±1 / √fan_in (INIT-DENSE-W)
        z = F.linear(a, w)  # and a bias too (INIT-DENSE-B)
        a = F.relu(z)
        weights[f"{layer}.weight"] = w
        deviations.append(z.std(correction=0))
    return {**weights, "deviations": torch.stack(deviations)}


def _xavier_bound(fan_out, fan_in):
    return math.sqrt(6 / (fan_in + fan_out))


def _kaiming_bound(fan_out, fan_in):
    return math.sqrt(6 / fan_in)
