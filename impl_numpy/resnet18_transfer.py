"""Transfer learning with ResNet-18, in NumPy."""

import functools

import numpy as np

from impl_numpy import ops

EPS = 1e-5  # torchvision's


def build(params, lr):
    head = {name: params[name] for name in ("fc.weight", "fc.bias")}
    # The head for ImageNet's thousand classes.
    built = {name: np.zeros_like(w, shape=(1000, *w.shape[1:])) for name, w in head.items()}
    net = {**params, **built}
    net.update(head)  # in its place a new one, which alone learns
    return net, built, ops.SGD(head, lr=lr)


def forward(model, batch):
    logits, loss, _ = _forward(model, batch)
    return {"logits": logits, "loss": loss}


def step(model, batch):
    loss, grads = _step(model, batch)
    *_, optimizer = model
    return {"loss": loss, **{f"grad.{name}": g for name, g in grads.items()}, **optimizer.params}


def moved(model, batch):
    net, built, *_ = model
    before = {name: w.copy() for name, w in net.items() if not name.endswith("num_batches_tracked")}
    _, grads = _step(model, batch)
    return {
        "built": len(built["fc.bias"]),
        "classes": len(net["fc.bias"]),
        "tensors": _by_part(before),
        "gradients": _by_part([name for name in before if name in grads and grads[name].any()]),
        "moved": _by_part([name for name, w in before.items() if not np.array_equal(w, net[name])]),
    }


def _by_part(names):
    """How many are of the head, of the trunk's weights, and of its statistics."""
    head = sum(name.startswith("fc.") for name in names)
    statistics = sum("running" in name for name in names)
    return [head, len(names) - head - statistics, statistics]


def _step(model, batch):
    *_, optimizer = model
    _, loss, vjp = _forward(model, batch)
    _, dw, db = vjp(1)
    grads = {"fc.weight": dw, "fc.bias": db}
    optimizer.step(grads)
    return loss, grads


def _forward(model, batch):
    net, *_ = model
    features = _features(net, batch["x"])
    logits, fc_vjp = ops.linear(features, net["fc.weight"], net["fc.bias"], x_grad=False)
    loss, loss_vjp = ops.cross_entropy(logits, batch["labels"])
    return logits, loss, lambda dloss: fc_vjp(loss_vjp(dloss))


def _features(net, x):
    """Frozen: no derivative is taken, so there is nothing to keep for one, and no kink."""
    x = _max_pool(np.maximum(_conv_norm(net, "conv1", "bn1", x, stride=2), 0))
    for layer in (1, 2, 3, 4):
        for block in (0, 1):
            x = _block(net, f"layer{layer}.{block}", x, stride=2 if layer > 1 and block == 0 else 1)
    return x.mean((2, 3))


def _block(net, name, x, stride):
    shortcut = x
    if f"{name}.downsample.0.weight" in net:
        shortcut = _conv_norm(net, f"{name}.downsample.0", f"{name}.downsample.1", x, stride)
    z = np.maximum(_conv_norm(net, f"{name}.conv1", f"{name}.bn1", x, stride), 0)
    return np.maximum(_conv_norm(net, f"{name}.conv2", f"{name}.bn2", z) + shortcut, 0)


def _conv_norm(net, conv, bn, x, stride=1):
    """A convolution, then the normalisation by its frozen statistics (BN-FREEZE): not folded into the weights."""
    w = net[f"{conv}.weight"]
    z, _ = ops.conv2d(x, w, None, stride=stride, padding=w.shape[2] // 2)
    scale = net[f"{bn}.weight"] / np.sqrt(net[f"{bn}.running_var"] + EPS)
    z *= scale[:, None, None]
    z += (net[f"{bn}.bias"] - net[f"{bn}.running_mean"] * scale)[:, None, None]
    return z


def _max_pool(x):
    """Windows of 3 x 3 with stride 2, padded by 1: the largest of three rows, then of three columns."""
    height, width = x.shape[2:]
    x = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)), constant_values=-np.inf)
    x = functools.reduce(np.maximum, [x[:, :, i : i + height : 2] for i in range(3)])
    return functools.reduce(np.maximum, [x[..., j : j + width : 2] for j in range(3)])
