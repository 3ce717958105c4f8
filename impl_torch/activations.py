"""Activations in PyTorch."""

import torch
import torch.nn.functional as F


def build(params):
    return params


def sigmoid(model, batch):
    return _with_gradient(torch.sigmoid, batch["x"], batch["cotangent"])


def relu(model, batch):
    return _with_gradient(F.relu, batch["x"], batch["cotangent"])


def softmax(model, batch):
    return _with_gradient(_softmax, batch["x"], batch["cotangent"])


def saturated(model, batch):
    out = _with_gradient(_softmax, batch["saturated"], batch["saturated_cotangent"])
    return {"a": out["a"], "grad.saturated": out["grad.x"]}


def at_zero(model, batch):
    out = _with_gradient(F.relu, batch["zero"], batch["zero_cotangent"])
    return {"relu": out["a"], "slope": out["grad.x"]}


def extremes(model, batch):
    return {
        "sigmoid": torch.sigmoid(batch["extreme"]),
        "relu": F.relu(batch["extreme"]),
        "softmax": _softmax(batch["extreme_row"]),
    }


def extreme_gradients(model, batch):
    x, cotangent = batch["extreme"], batch["extreme_cotangent"]
    return {
        "sigmoid": _with_gradient(torch.sigmoid, x, cotangent)["grad.x"],
        "relu": _with_gradient(F.relu, x, cotangent)["grad.x"],
        "softmax": _with_gradient(_softmax, batch["extreme_row"], batch["extreme_row_cotangent"])["grad.x"],
    }


def unstable(model, batch):
    e = torch.exp(batch["extreme_row"])
    return {"is_nan": torch.isnan(e / e.sum(dim=-1, keepdim=True))}


def _softmax(x):
    return F.softmax(x, dim=-1)  # without dim torch picks an axis itself (ACT-SOFTMAX-DIM)


def _with_gradient(activation, x, cotangent):
    x = x.detach().requires_grad_()
    a = activation(x)
    a.backward(cotangent)
    return {"a": a, "grad.x": x.grad}
