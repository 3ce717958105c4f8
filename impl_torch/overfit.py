"""Overfitting in PyTorch."""

import torch
from torch import nn

MOST_EPOCHS = 1000  # a training that went wrong ends too


class Net(nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.hidden, self.out = nn.Linear(inputs, hidden), nn.Linear(hidden, 10)

    def forward(self, x):
        return self.out(torch.tanh(self.hidden(x)))


def build(params, lr):
    hidden, inputs = params["hidden.weight"].shape
    net = Net(inputs, hidden)
    net.load_state_dict(params, assign=True)
    return net, torch.optim.SGD(net.parameters(), lr=lr)


def step(model, batch):
    net, _ = model
    return {**_step(model, batch), **dict(net.named_parameters())}


def train(model, batch):
    net, _ = model
    losses, correct, validation_correct = [], [], []
    while not correct or (correct[-1] < len(batch["x"]) and len(correct) < MOST_EPOCHS):
        losses.append(_step(model, batch)["loss"])
        correct.append(_correct(net, batch["x"], batch["labels"]))
        validation_correct.append(_correct(net, batch["validation_x"], batch["validation_labels"]))
    losses, correct, validation_correct = torch.stack(losses), torch.stack(correct), torch.stack(validation_correct)
    accuracy = correct.to(losses.dtype) / len(batch["x"])
    validation_accuracy = validation_correct.to(losses.dtype) / len(batch["validation_x"])
    return {
        "losses": losses,
        "correct": correct,
        "validation_correct": validation_correct,
        "accuracy": accuracy,
        "validation_accuracy": validation_accuracy,
        "gap": accuracy - validation_accuracy,
        **dict(net.named_parameters()),
    }


def _step(model, batch):
    net, optimizer = model
    optimizer.zero_grad()
    loss = nn.CrossEntropyLoss()(net(batch["x"]), batch["labels"])
    loss.backward()
    optimizer.step()
    return {"loss": loss.detach(), **{f"grad.{name}": w.grad for name, w in net.named_parameters()}}


@torch.no_grad()
def _correct(net, x, labels):
    return (net(x).argmax(-1) == labels).sum()
