"""Transfer learning with ResNet-18, in NumPy."""

import numpy as np

from impl_numpy import ops

EPS = 1e-5  # torchvision's


def build(params, lr):
    head = {name: params[name] for name in ("fc.weight", "fc.bias")}
    convolutions = [name.removesuffix(".weight") for name, w in params.items() if w.ndim == 4]
    trunk = {conv: _folded(params, conv) for conv in convolutions}
    return params, trunk, ops.SGD(head, lr=lr)


def forward(model, batch):
    logits, loss, _ = _forward(model, batch)
    return {"logits": logits, "loss": loss}


def step(model, batch):
    loss, grads = _step(model, batch)
    *_, optimizer = model
    return {"loss": loss, **{f"grad.{name}": g for name, g in grads.items()}, **optimizer.params}


def moved(model, batch):
    params, *_ = model
    before = {name: w.copy() for name, w in params.items()}
    _, grads = _step(model, batch)
    changed = [name for name, w in before.items() if not np.array_equal(w, params[name])]
    statistics = [name for name in changed if "running" in name]
    head = [name for name in changed if name.startswith("fc.")]
    return {
        "with_gradient": len(grads),
        "head": len(head),
        "statistics": len(statistics),
        "trunk": len(changed) - len(head) - len(statistics),
    }


def _step(model, batch):
    *_, optimizer = model
    _, loss, vjp = _forward(model, batch)
    _, dw, db = vjp(1)
    grads = {"fc.weight": dw, "fc.bias": db}
    optimizer.step(grads)
    return loss, grads


def _forward(model, batch):
    params, trunk, _ = model
    features = _features(trunk, batch["x"])
    logits, fc_vjp = ops.linear(features, params["fc.weight"], params["fc.bias"], x_grad=False)
    loss, loss_vjp = ops.cross_entropy(logits, batch["labels"])
    return logits, loss, lambda dloss: fc_vjp(loss_vjp(dloss))


def _folded(params, conv):
    """A convolution with the normalisation after it, whose statistics are frozen too (BN-FREEZE): weight and bias."""
    bn = conv.replace("conv", "bn").replace("downsample.0", "downsample.1")
    scale = params[f"{bn}.weight"] / np.sqrt(params[f"{bn}.running_var"] + EPS)
    shift = params[f"{bn}.bias"] - params[f"{bn}.running_mean"] * scale
    return params[f"{conv}.weight"] * scale[:, None, None, None], shift


def _features(trunk, x):
    """Frozen: no derivative is taken, so there is nothing to keep for one, and no kink."""
    x = _max_pool(np.maximum(_conv(trunk, "conv1", x, stride=2), 0))
    for layer in (1, 2, 3, 4):
        for block in (0, 1):
            name, stride = f"layer{layer}.{block}", 2 if layer > 1 and block == 0 else 1
            shortcut = x
            if f"{name}.downsample.0" in trunk:
                shortcut = _conv(trunk, f"{name}.downsample.0", x, stride=stride)
            z = np.maximum(_conv(trunk, f"{name}.conv1", x, stride=stride), 0)
            x = np.maximum(_conv(trunk, f"{name}.conv2", z) + shortcut, 0)
    return x.mean((2, 3))


def _conv(trunk, name, x, stride=1):
    w, b = trunk[name]
    return ops.conv2d(x, w, b, stride=stride, padding=w.shape[2] // 2)[0]


def _max_pool(x):
    """Windows of 3 x 3 with stride 2, padded by 1."""
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)), constant_values=-np.inf)
    return np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))[:, :, ::2, ::2].max((4, 5))
