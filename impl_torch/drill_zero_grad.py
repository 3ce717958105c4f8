"""The forgotten zero_grad in PyTorch."""

import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.hidden, self.out = nn.Linear(inputs, hidden), nn.Linear(hidden, 1)

    def forward(self, x):
        return self.out(torch.tanh(self.hidden(x)))


def build(params, lr, momentum):
    hidden, inputs = params["hidden.weight"].shape
    net = Net(inputs, hidden)
    net.load_state_dict(params, assign=True)
    return net, torch.optim.SGD(net.parameters(), lr=lr, momentum=momentum)


def broken(model, batch):
    return _drill(model, batch, zero=False)


def fixed(model, batch):
    return _drill(model, batch, zero=True)


def _drill(model, batch, *, zero):
    net, optimizer = model
    _backward(net, batch)
    once = net.hidden.weight.grad.clone()
    if zero:
        optimizer.zero_grad()
    cleared = all(w.grad is None for w in net.parameters())  # not zeros but None (OPT-ZERO)
    _backward(net, batch)
    twice, losses = net.hidden.weight.grad.clone(), []
    optimizer.zero_grad()
    for _ in batch["steps"]:
        if zero:
            optimizer.zero_grad()
        losses.append(_backward(net, batch))
        optimizer.step()
    return {
        "once": once,
        "twice": twice,
        "is_twice": torch.equal(twice, 2 * once),
        "norms": torch.stack([once.norm(), twice.norm()]),
        "cleared": cleared,
        "losses": torch.stack(losses),
    }


def _backward(net, batch):
    loss = nn.MSELoss()(net(batch["x"]), batch["target"])
    loss.backward()  # adds to .grad (AG-ACCUM)
    return loss.detach()
