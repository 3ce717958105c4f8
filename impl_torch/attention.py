"""Multi-head self-attention in PyTorch."""

import torch
from torch import nn


def build(params, heads):
    model = nn.MultiheadAttention(len(params["out_proj.bias"]), heads, batch_first=True)  # MHA-BF
    biases = torch.cat([params[f"{part}_bias"] for part in ("query", "key", "value")])  # MHA-PACK: one parameter
    state = {name: w for name, w in params.items() if not name.endswith("_bias")}
    model.load_state_dict({**state, "in_proj_bias": biases}, assign=True)
    return model


def forward(model, batch):
    x = batch["x"]
    model.eval()  # without gradients PyTorch then takes a fused path, which may round otherwise
    with torch.no_grad():
        y, weights = model(x, x, x)
    return {"y": y, "weights": weights}


def backward(model, batch):
    x = batch["x"].detach().requires_grad_()
    model.zero_grad()
    torch.autograd.backward(model(x, x, x), [batch["cotangent"], batch["cotangent.weights"]])
    dquery, dkey, dvalue = model.in_proj_bias.grad.chunk(3)
    return {
        "grad.x": x.grad,
        "grad.in_proj_weight": model.in_proj_weight.grad,
        "grad.query_bias": dquery,
        "grad.key_bias": dkey,
        "grad.value_bias": dvalue,
        "grad.out_proj.weight": model.out_proj.weight.grad,
        "grad.out_proj.bias": model.out_proj.bias.grad,
    }
