"""Vanishing gradients in PyTorch."""

import torch
from torch import nn


def build(params):
    return {
        "tanh": _net(params, "default", nn.Tanh),
        "relu": _net(params, "default", nn.ReLU),  # the hidden activations swapped
        "kaiming": _net(params, "kaiming", nn.ReLU),
    }


def tanh(model, batch):
    return _gradients(model["tanh"], "default", batch)


def relu(model, batch):
    return _gradients(model["relu"], "default", batch)


def kaiming(model, batch):
    return _gradients(model["kaiming"], "kaiming", batch)


def _net(params, scheme, activation):
    state = {name.removeprefix(f"{scheme}."): w for name, w in params.items() if name.startswith(scheme)}
    layers = []
    for name, w in state.items():
        if name.endswith("weight"):
            layers += [nn.Linear(w.shape[1], w.shape[0]), activation()]
    net = nn.Sequential(*layers[:-1])
    net.load_state_dict(state, assign=True)
    return net


def _gradients(net, scheme, batch):
    net.zero_grad()
    a, zs = batch["x"], []
    for layer in net:
        a = layer(a)
        if isinstance(layer, nn.Linear):
            a.retain_grad()
            zs.append(a)
    loss = nn.MSELoss()(a, batch["target"])
    loss.backward()
    # norm() adds a million squares one after the other and loses five digits; sum() adds them pairwise.
    norms = torch.stack([layer.weight.grad.square().sum().sqrt() for layer in net if isinstance(layer, nn.Linear)])
    rms = torch.stack([z.grad.square().mean().sqrt() for z in zs[:-1]])
    ratios = {"norm_ratio": norms[0] / norms[-1], "rms_ratio": rms[0] / rms[-1]}
    grads = {f"grad.{scheme}.{name}": w.grad for name, w in net.named_parameters()}
    return {"loss": loss, "norms": norms, "rms": rms, **ratios, **grads}
