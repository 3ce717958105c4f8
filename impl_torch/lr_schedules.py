"""Learning-rate schedules in PyTorch."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR, StepLR


class Net(nn.Module):
    def __init__(self, inputs, hidden, classes):
        super().__init__()
        self.hidden, self.out = nn.Linear(inputs, hidden), nn.Linear(hidden, classes)

    def forward(self, x):
        return self.out(torch.tanh(self.hidden(x)))


def build(params, lr, momentum, step_size, gamma, t_max, eta_min):
    hidden, inputs = params["hidden.weight"].shape
    with torch.device("meta"):  # the weights are given, so none are drawn
        net = Net(inputs, hidden, len(params["out.bias"]))
    net.load_state_dict(params, assign=True)
    optimizer = torch.optim.SGD(net.parameters(), lr=lr, momentum=momentum)
    return net, optimizer, {"step_size": step_size, "gamma": gamma}, {"T_max": t_max, "eta_min": eta_min}


def step_lr(model, batch):
    net, optimizer, settings, _ = model
    return _train(net, optimizer, StepLR(optimizer, **settings), batch)


def cosine(model, batch):
    net, optimizer, _, settings = model
    return _train(net, optimizer, CosineAnnealingLR(optimizer, **settings), batch)


def _train(net, optimizer, scheduler, batch):
    rates, losses = [], []
    for order in batch["order"]:
        rates += scheduler.get_last_lr()
        losses.append(torch.stack([_step(net, optimizer, batch, rows) for rows in order]).mean())
        scheduler.step()  # once an epoch (LR-UNIT)
    weights = dict(net.named_parameters())
    velocity = {f"momentum.{name}": optimizer.state[w]["momentum_buffer"] for name, w in weights.items()}
    losses = torch.stack(losses)
    return {"rates": losses.new_tensor(rates), "losses": losses, **weights, **velocity}


def _step(net, optimizer, batch, rows):
    optimizer.zero_grad()
    loss = F.cross_entropy(net(batch["x"][rows]), batch["labels"][rows])
    loss.backward()
    optimizer.step()
    return loss.detach()
