"""With and without batch normalisation, in NumPy."""

import numpy as np

from impl_numpy import ops


def build(params, lr, eps, momentum):
    return params, ops.SGD(params, lr=lr), eps, momentum


def plain(model, batch):
    return _train(model, batch, normalised=False)


def normalised(model, batch):
    return _train(model, batch, normalised=True)


def _train(model, batch, *, normalised):
    params, *_ = model
    history = []
    for order in batch["order"]:
        losses = [_step(model, batch["x"][rows], batch["labels"][rows], normalised) for rows in order]
        z = batch["validation_x"] @ params["hidden.weight"].T
        logits = np.tanh(_evaluate(model, z) if normalised else z) @ params["out.weight"].T + params["out.bias"]
        right = ops.argmax(logits) == batch["validation_labels"]
        history.append(
            {
                "loss": np.stack(losses).mean(),
                "validation_loss": ops.cross_entropy(logits, batch["validation_labels"])[0],
                "validation_accuracy": right.mean(dtype=logits.dtype),
            }
        )
    learned = {name: w for name, w in params.items() if normalised or not name.startswith("bn.")}
    learned.pop("bn.num_batches_tracked", None)  # counted by torch alone
    return {name: np.stack([metrics[name] for metrics in history]) for name in history[0]} | learned


def _step(model, x, labels, normalised):
    params, optimizer, *_ = model
    z, hidden_vjp = ops.linear(x, params["hidden.weight"], 0, x_grad=False)
    y, bn_vjp = _normalise(model, z) if normalised else (z, None)
    a, tanh_vjp = ops.tanh(y)
    logits, out_vjp = ops.linear(a, params["out.weight"], params["out.bias"])
    loss, loss_vjp = ops.cross_entropy(logits, labels)
    da, dw_out, db_out = out_vjp(loss_vjp(1))
    dz, grads = tanh_vjp(da), {"out.weight": dw_out, "out.bias": db_out}
    if normalised:
        dz, grads["bn.weight"], grads["bn.bias"] = bn_vjp(dz)
    _, grads["hidden.weight"], _ = hidden_vjp(dz)
    optimizer.step(grads)
    return loss


def _normalise(model, z):
    params, _, eps, momentum = model
    y, mean, var, vjp = ops.batch_norm(z, params["bn.weight"], params["bn.bias"], eps=eps)
    params["bn.running_mean"] += momentum * (mean - params["bn.running_mean"])
    params["bn.running_var"] += momentum * (var * (len(z) / (len(z) - 1)) - params["bn.running_var"])  # unbiased
    return y, vjp


def _evaluate(model, z):
    params, _, eps, _ = model
    scale = params["bn.weight"] / np.sqrt(params["bn.running_var"] + eps)
    return (z - params["bn.running_mean"]) * scale + params["bn.bias"]
