"""The forgotten zero_grad in NumPy, where the accumulator is explicit."""

import numpy as np

from impl_numpy import ops


def build(params, lr, momentum):
    return params, ops.SGD(params, lr=lr, momentum=momentum)


def broken(model, batch):
    return _drill(model, batch, zero=False)


def fixed(model, batch):
    return _drill(model, batch, zero=True)


def _drill(model, batch, *, zero):
    params, optimizer = model
    _, grads = _backward(params, batch, None)
    once = grads["hidden.weight"]
    kept = None if zero else grads
    _, grads = _backward(params, batch, kept)
    twice, losses, grads = grads["hidden.weight"], [], None
    for _ in batch["steps"]:
        loss, grads = _backward(params, batch, None if zero else grads)
        optimizer.step(grads)
        losses.append(loss)
    return {
        "once": once,
        "twice": twice,
        "is_twice": np.array_equal(twice, 2 * once),
        "norms": np.stack([np.linalg.norm(once), np.linalg.norm(twice)]),
        "cleared": kept is None,
        "losses": np.stack(losses),
    }


def _backward(params, batch, grads):
    """The loss, and its gradients added to `grads`."""
    y, vjp = ops.tanh_network(params, batch["x"])
    loss, loss_vjp = ops.mse(y, batch["target"])
    new = vjp(loss_vjp(1))
    return loss, new if grads is None else {name: grads[name] + g for name, g in new.items()}
