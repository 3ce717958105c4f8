"""SGD with momentum and Adam in PyTorch."""

import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self, inputs, hidden, classes):
        super().__init__()
        self.hidden, self.out = nn.Linear(inputs, hidden), nn.Linear(hidden, classes)

    def forward(self, x):
        return self.out(torch.tanh(self.hidden(x)))


def build(params, lr, momentum, adam_lr, beta1, beta2, eps):
    hidden, inputs = params["hidden.weight"].shape
    with torch.device("meta"):  # the weights are given, so none are drawn
        net = Net(inputs, hidden, len(params["out.bias"]))
    net.load_state_dict(params, assign=True)
    sgd = torch.optim.SGD(net.parameters(), lr=lr, momentum=momentum)
    return net, sgd, torch.optim.Adam(net.parameters(), lr=adam_lr, betas=(beta1, beta2), eps=eps)


def sgd_step(model, batch):
    net, optimizer, _ = model
    loss = _step(net, optimizer, batch, batch["order"][0, 0])
    return {"loss": loss, **_gradients(net), **_learned(net, optimizer, {"momentum": "momentum_buffer"})}


def adam_step(model, batch):
    net, _, optimizer = model
    loss = _step(net, optimizer, batch, batch["order"][0, 0])
    moments = {"exp_avg": "exp_avg", "exp_avg_sq": "exp_avg_sq"}
    return {"loss": loss, **_gradients(net), **_learned(net, optimizer, moments)}


def sgd(model, batch):
    net, optimizer, _ = model
    return {**_train(net, optimizer, batch), **_learned(net, optimizer, {"momentum": "momentum_buffer"})}


def adam(model, batch):
    net, _, optimizer = model
    moments = {"exp_avg": "exp_avg", "exp_avg_sq": "exp_avg_sq"}
    return {**_train(net, optimizer, batch), **_learned(net, optimizer, moments)}


def _train(net, optimizer, batch):
    losses = [torch.stack([_step(net, optimizer, batch, rows) for rows in order]).mean() for order in batch["order"]]
    norm = torch.sqrt(sum(w.detach().square().sum() for w in net.parameters()))
    return {"losses": torch.stack(losses), "norm": norm}


def _step(net, optimizer, batch, rows):
    optimizer.zero_grad()
    loss = F.cross_entropy(net(batch["x"][rows]), batch["labels"][rows])
    loss.backward()
    optimizer.step()
    return loss.detach()


def _gradients(net):
    return {f"grad.{name}": w.grad for name, w in net.named_parameters()}


def _learned(net, optimizer, buffers):
    weights = dict(net.named_parameters())
    states = {
        f"{ours}.{name}": optimizer.state[w][theirs] for name, w in weights.items() for ours, theirs in buffers.items()
    }
    return {**weights, **states}
