"""Wide or deep in NumPy."""

import numpy as np

from impl_numpy import ops


def build(params, lr):
    nets = {net: {name: w for name, w in params.items() if name.startswith(net)} for net in ("wide", "deep")}
    return {net: (weights, ops.SGD(weights, lr=lr)) for net, weights in nets.items()}


def wide_step(model, batch):
    return _learned("wide", model, *_step("wide", model, batch["x"], batch["target"]))


def deep_step(model, batch):
    return _learned("deep", model, *_step("deep", model, batch["x"], batch["target"]))


def train(model, batch):
    losses = {net: np.stack([_epoch(net, model, batch) for _ in batch["epochs"]]) for net in model}
    final = [ops.mse(_forward(net, model, batch["x"])[0], batch["target"])[0] for net in model]
    return {**losses, "final": np.stack(final)}


def count(model, batch):
    wide, deep = (sum(w.size for w in weights.values()) for weights, _ in model.values())
    return {"parameters": (wide, deep)}


def _epoch(net, model, batch):
    return np.stack([_step(net, model, batch["x"][rows], batch["target"][rows])[0] for rows in batch["rows"]]).mean()


def _step(net, model, x, target):
    _, optimizer = model[net]
    y, vjps = _forward(net, model, x)
    loss, loss_vjp = ops.mse(y, target)
    da, grads = loss_vjp(1), {}
    for layer, (linear_vjp, tanh_vjp) in reversed(list(enumerate(vjps))):
        dz = tanh_vjp(da) if tanh_vjp else da
        da, grads[f"{net}.{layer}.weight"], grads[f"{net}.{layer}.bias"] = linear_vjp(dz)
    optimizer.step(grads)
    return loss, grads


def _learned(net, model, loss, grads):
    weights, _ = model[net]
    return {"loss": loss, **{f"grad.{name}": g for name, g in grads.items()}, **weights}


def _forward(net, model, a):
    weights, _ = model[net]
    depth, vjps = len(weights) // 2, []
    for layer in range(depth):
        w, b = weights[f"{net}.{layer}.weight"], weights[f"{net}.{layer}.bias"]
        a, linear_vjp = ops.linear(a, w, b, x_grad=layer > 0)
        a, tanh_vjp = ops.tanh(a) if layer < depth - 1 else (a, None)
        vjps.append((linear_vjp, tanh_vjp))
    return a, vjps
