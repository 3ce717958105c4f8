"""With and without batch normalisation, in PyTorch."""

import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self, inputs, hidden, eps, momentum):
        super().__init__()
        self.hidden = nn.Linear(inputs, hidden, bias=False)
        self.bn = nn.BatchNorm1d(hidden, eps=eps, momentum=momentum)
        self.out = nn.Linear(hidden, 10)

    def forward(self, x, normalised):
        z = self.hidden(x)
        return self.out(torch.tanh(self.bn(z) if normalised else z))


def build(params, lr, eps, momentum):
    hidden, inputs = params["hidden.weight"].shape
    with torch.device("meta"):  # the weights are given, so none are drawn
        net = Net(inputs, hidden, eps, momentum)
    net.load_state_dict(params, assign=True)
    return net, torch.optim.SGD(net.parameters(), lr=lr)


def plain(model, batch):
    net, _ = model
    return {**_train(model, batch, normalised=False), "hidden.weight": net.hidden.weight}


def normalised(model, batch):
    net, _ = model
    running = {"bn.running_mean": net.bn.running_mean, "bn.running_var": net.bn.running_var}
    return {**_train(model, batch, normalised=True), "hidden.weight": net.hidden.weight, **running}


def _train(model, batch, *, normalised):
    net, _ = model
    history = []
    for order in batch["order"]:
        net.train()
        losses = [_step(model, batch["x"][rows], batch["labels"][rows], normalised) for rows in order]
        net.eval()
        with torch.no_grad():
            logits = net(batch["validation_x"], normalised)
        history.append(
            {
                "loss": torch.stack(losses).mean(),
                "validation_loss": F.cross_entropy(logits, batch["validation_labels"]),
                "validation_correct": (logits.argmax(-1) == batch["validation_labels"]).sum(),
            }
        )
    return {name: torch.stack([metrics[name] for metrics in history]) for name in history[0]}


def _step(model, x, labels, normalised):
    net, optimizer = model
    optimizer.zero_grad()
    loss = F.cross_entropy(net(x, normalised), labels)
    loss.backward()
    optimizer.step()
    return loss.detach()
