"""Multilayer perceptron in NumPy."""

from impl_numpy import ops


def build(params, lr):
    return params, ops.SGD(params, lr=lr)


def forward(model, batch):
    params, _ = model
    logits, loss, _ = _forward(params, batch)
    return {"logits": logits, "loss": loss}


def backward(model, batch):
    params, _ = model
    _, loss, vjp = _forward(params, batch, x_grad=True)
    dx, grads = vjp(1.0)
    return {"loss": loss, "grad.x": dx, **{f"grad.{name}": g for name, g in grads.items()}}


def step(model, batch):
    params, optimizer = model
    _, loss, vjp = _forward(params, batch)
    _, grads = vjp(1.0)
    optimizer.step(grads)
    return {"loss": loss, **{f"grad.{name}": g for name, g in grads.items()}, **params}


def summary(model, batch):
    params, _ = model
    logits, *_ = _forward(params, batch)
    by_layer = [params[f"{layer}.weight"].size + params[f"{layer}.bias"].size for layer in (0, 2, 4)]
    return {"shape": logits.shape, "by_layer": by_layer, "parameters": sum(w.size for w in params.values())}


def _forward(params, batch, *, x_grad=False):
    z0, linear0_vjp = ops.linear(batch["x"], params["0.weight"], params["0.bias"], x_grad=x_grad)
    a0, relu0_vjp = ops.relu(z0)
    z2, linear2_vjp = ops.linear(a0, params["2.weight"], params["2.bias"])
    a2, relu2_vjp = ops.relu(z2)
    logits, linear4_vjp = ops.linear(a2, params["4.weight"], params["4.bias"])
    loss, loss_vjp = ops.cross_entropy(logits, batch["labels"])

    def vjp(dloss):
        da2, dw4, db4 = linear4_vjp(loss_vjp(dloss))
        da0, dw2, db2 = linear2_vjp(relu2_vjp(da2))
        dx, dw0, db0 = linear0_vjp(relu0_vjp(da0))
        return dx, {
            "0.weight": dw0, "0.bias": db0, "2.weight": dw2, "2.bias": db2, "4.weight": dw4, "4.bias": db4,
        }  # fmt: skip

    return logits, loss, vjp
