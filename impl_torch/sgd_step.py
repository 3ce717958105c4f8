"""One step of gradient descent in PyTorch."""

import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.hidden, self.out = nn.Linear(inputs, hidden), nn.Linear(hidden, 1)

    def forward(self, x):
        return self.out(torch.tanh(self.hidden(x)))


def build(params, lr):
    hidden, inputs = params["hidden.weight"].shape
    with torch.device("meta"):  # the weights are given, so none are drawn
        net = Net(inputs, hidden)
    net.load_state_dict(params, assign=True)
    return net, torch.optim.SGD(net.parameters(), lr=lr)


def step(model, batch):
    net, optimizer = model
    optimizer.zero_grad()
    loss = F.mse_loss(net(batch["x"]), batch["target"])
    loss.backward()
    optimizer.step()
    weights = dict(net.named_parameters())
    return {"loss": loss, **{f"grad.{name}": w.grad for name, w in weights.items()}, **weights}


def zeroing(model, batch):
    net, optimizer = model
    loss = F.mse_loss(net(batch["x"]), batch["target"])
    loss.backward()
    before = _norm(net)
    optimizer.zero_grad(set_to_none=False)  # by default they become None, and have no norm (OPT-ZERO)
    return {"finite": torch.isfinite(loss), "norm_before": before, "norm_after": _norm(net)}


def _norm(net):
    return torch.sqrt(sum(w.grad.square().sum() for w in net.parameters()))
