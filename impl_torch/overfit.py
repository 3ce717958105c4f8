"""Overfitting in PyTorch."""

import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.hidden, self.out = nn.Linear(inputs, hidden), nn.Linear(hidden, 10)

    def forward(self, x):
        return self.out(torch.tanh(self.hidden(x)))


def build(params, lr):
    hidden, inputs = params["hidden.weight"].shape
    with torch.device("meta"):  # the weights are given, so none are drawn
        net = Net(inputs, hidden)
    net.load_state_dict(params, assign=True)
    return net, torch.optim.SGD(net.parameters(), lr=lr)


def step(model, batch):
    net, _ = model
    loss, _ = _step(model, batch)
    return {"loss": loss, **dict(net.named_parameters())}


def train(model, batch):
    net, _ = model
    losses, correct, validation_correct = [], [], []
    while not correct or correct[-1] < len(batch["x"]):
        loss, right = _step(model, batch)
        losses.append(loss)
        correct.append(int(right))
        with torch.no_grad():
            validation_correct.append(int(_correct(net(batch["validation_x"]), batch["validation_labels"])))
    losses = torch.stack(losses)
    gap = losses.new_tensor(correct) / len(batch["x"])
    gap -= losses.new_tensor(validation_correct) / len(batch["validation_x"])
    metrics = {"losses": losses, "correct": correct, "validation_correct": validation_correct, "gap": gap}
    return {name: torch.as_tensor(value) for name, value in metrics.items()} | dict(net.named_parameters())


def _step(model, batch):
    net, optimizer = model
    optimizer.zero_grad()
    logits = net(batch["x"])
    loss = F.cross_entropy(logits, batch["labels"])
    loss.backward()
    optimizer.step()
    return loss.detach(), _correct(logits, batch["labels"])


def _correct(logits, labels):
    return (logits.argmax(-1) == labels).sum()
