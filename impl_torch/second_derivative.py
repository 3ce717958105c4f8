"""Second derivatives in PyTorch: a graph of the gradient, and torch.func."""

import torch
import torch.nn.functional as F

NAMES = ("hidden.weight", "hidden.bias", "out.weight", "out.bias")


def build(params):
    return params


def square(model, batch):
    a = model["a"].detach().requires_grad_()
    (first,) = torch.autograd.grad(a**2, a, create_graph=True)  # a graph of the gradient (AG-2ND)
    (second,) = torch.autograd.grad(first, a)
    return {"first": first, "second": second}


def gradients(model, batch):
    a, b, c = (model[name].detach().requires_grad_() for name in "abc")
    loss = _loss(a, b, c)
    returned = torch.stack(torch.autograd.grad(loss, [a, b, c], retain_graph=True))
    loss.backward()  # of the same graph, into .grad (AG-ACCUM)
    accumulated = torch.stack([a.grad, b.grad, c.grad])
    return {
        "loss": loss, "returned": returned, "accumulated": accumulated, "equal": torch.equal(returned, accumulated),
    }  # fmt: skip


def hessian(model, batch):
    point = torch.stack([model[name] for name in "abc"]).requires_grad_()
    (gradient,) = torch.autograd.grad(_loss(*point), point, create_graph=True)
    (product,) = torch.autograd.grad(gradient, point, grad_outputs=batch["v"])  # of gradient · v
    return {"hessian": torch.func.hessian(lambda p: _loss(*p))(point.detach()), "product": product}


def hvp(model, batch):
    weights = tuple(model[name] for name in NAMES)
    directions = tuple(batch[f"direction.{name}"] for name in NAMES)

    def mlp_loss(w, b, v, d):
        return F.mse_loss(F.linear(torch.tanh(F.linear(batch["x"], w, b)), v, d), batch["target"])

    gradient = torch.func.grad(mlp_loss, argnums=(0, 1, 2, 3))
    _, vjp = torch.func.vjp(gradient, *weights)
    products = vjp(directions)  # the Hessian is symmetric: its vector-Jacobian product is its product
    return {"loss": mlp_loss(*weights), **dict(zip(NAMES, products))}


def _loss(a, b, c):
    return (a * b + c) ** 2
