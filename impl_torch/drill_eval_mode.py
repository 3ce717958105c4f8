"""Dropout left on, in PyTorch."""

import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self, inputs, hidden, p):
        super().__init__()
        self.hidden, self.out, self.p = nn.Linear(inputs, hidden), nn.Linear(hidden, 10, bias=False), p

    def forward(self, x, mask):
        a = torch.tanh(self.hidden(x))
        if self.training:
            a = a * mask / (1 - self.p)  # nn.Dropout with the mask given (DROP-SCALE)
        return self.out(a)


def build(params, p):
    hidden, inputs = params["hidden.weight"].shape
    with torch.device("meta"):  # the weights are given, so none are drawn
        net = Net(inputs, hidden, p)
    net.load_state_dict(params, assign=True)
    return net


def broken(model, batch):
    model.train()  # as it is from the start (DROP-MODE)
    return _validate(model, batch)


def fixed(model, batch):
    model.eval()
    with torch.no_grad():
        return _validate(model, batch)


def _validate(model, batch):
    logits = model(batch["x"], batch["mask"])
    right = logits.argmax(-1) == batch["labels"]
    loss = F.cross_entropy(logits, batch["labels"])
    return {"loss": loss, "correct": right.sum(), "accuracy": right.to(logits.dtype).mean()}
