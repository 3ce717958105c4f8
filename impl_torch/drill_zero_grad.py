"""The forgotten zero_grad in PyTorch."""

import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.hidden, self.out = nn.Linear(inputs, hidden), nn.Linear(hidden, 1)

    def forward(self, x):
        return self.out(torch.tanh(self.hidden(x)))


def build(params, lr, momentum):
    hidden, inputs = params["hidden.weight"].shape
    with torch.device("meta"):  # the weights are given, so none are drawn
        net = Net(inputs, hidden)
    net.load_state_dict(params, assign=True)
    return net, torch.optim.SGD(net.parameters(), lr=lr, momentum=momentum)


def broken(model, batch):
    return _drill(model, batch, zero=False)


def fixed(model, batch):
    return _drill(model, batch, zero=True)


def _drill(model, batch, *, zero):
    net, optimizer = model
    _backward(model, batch, zero)
    once = net.hidden.weight.grad.clone()
    _backward(model, batch, zero)
    twice, losses = net.hidden.weight.grad.clone(), []
    optimizer.zero_grad()
    for _ in batch["steps"]:
        losses.append(_backward(model, batch, zero))
        optimizer.step()
    losses = torch.stack(losses)
    return {
        "once": once,
        "twice": twice,
        "ratio_is_two": torch.equal(twice, 2 * once),
        "losses": losses,
        "explosion": losses.max() / losses[0],
    }


def _backward(model, batch, zero):
    net, optimizer = model
    if zero:
        optimizer.zero_grad()  # to None (OPT-ZERO)
    loss = F.mse_loss(net(batch["x"]), batch["target"])
    loss.backward()
    return loss.detach()
