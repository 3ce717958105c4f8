"""One step of gradient descent in PyTorch."""

import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.hidden, self.out = nn.Linear(inputs, hidden), nn.Linear(hidden, 1)

    def forward(self, x):
        return self.out(torch.tanh(self.hidden(x)))


def build(params, lr):
    hidden, inputs = params["hidden.weight"].shape
    net = Net(inputs, hidden)
    net.load_state_dict(params, assign=True)
    return net, nn.MSELoss(), torch.optim.SGD(net.parameters(), lr=lr)


def step(model, batch):
    net, criterion, optimizer = model
    optimizer.zero_grad()
    loss = criterion(net(batch["x"]), batch["target"])
    loss.backward()
    optimizer.step()
    weights = dict(net.named_parameters())
    return {"loss": loss, **{f"grad.{name}": w.grad for name, w in weights.items()}, **weights}


def descent(model, batch):
    net, criterion, optimizer = model
    optimizer.zero_grad()
    before = criterion(net(batch["x"]), batch["target"])
    before.backward()
    optimizer.step()
    with torch.no_grad():
        after = criterion(net(batch["x"]), batch["target"])
    return {"before": before, "after": after, "finite": torch.isfinite(after)}


def zeroing(model, batch):
    net, criterion, optimizer = model
    criterion(net(batch["x"]), batch["target"]).backward()
    before = net.hidden.weight.grad.norm()
    criterion(net(batch["x"]), batch["target"]).backward()  # into the same .grad (AG-ACCUM)
    twice = net.hidden.weight.grad.norm()
    optimizer.zero_grad(set_to_none=False)
    after = net.hidden.weight.grad.norm()
    optimizer.zero_grad()  # by default they become None, and have no norm (OPT-ZERO)
    none = all(w.grad is None for w in net.parameters())
    return {"norm_before": before, "norm_twice": twice, "norm_after": after, "none_after": none}
