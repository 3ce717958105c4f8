"""Training on real digits in PyTorch."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader


class Net(nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.hidden, self.out = nn.Linear(inputs, hidden), nn.Linear(hidden, 10)

    def forward(self, x):
        return self.out(torch.tanh(self.hidden(x)))


def build(params, lr, momentum):
    hidden, inputs = params["hidden.weight"].shape
    with torch.device("meta"):  # the weights are given, so none are drawn
        net = Net(inputs, hidden)
    net.load_state_dict(params, assign=True)
    return net, torch.optim.SGD(net.parameters(), lr=lr, momentum=momentum)


def epoch(model, batch):
    losses, _ = _epoch(model, batch, batch["order"][0])
    return {"loss": torch.stack(losses), **_learned(model)}


def train(model, batch):
    net, _ = model
    history = []
    for order in batch["order"]:
        losses, correct = _epoch(model, batch, order)
        with torch.no_grad():
            logits = net(batch["validation_x"])
        history.append(
            {
                "loss": torch.stack(losses).mean(),
                "validation_loss": F.cross_entropy(logits, batch["validation_labels"]),
                "correct": correct,
                "validation_correct": _correct(logits, batch["validation_labels"]),
            }
        )
    return {name: torch.stack([metrics[name] for metrics in history]) for name in history[0]} | _learned(model)


def shuffling(model, batch):
    n = len(batch["x"])
    loader = DataLoader(torch.arange(n), batch_size=n, shuffle=True)
    with torch.random.fork_rng():
        torch.seed()
        orders = torch.stack([order for _ in range(20) for order in loader])
    centred = (orders - (n - 1) / 2).to(batch["x"].dtype)
    positions = torch.arange(n, dtype=centred.dtype) - (n - 1) / 2
    correlation = centred @ positions / (n * (n * n - 1) / 12)
    return {"complete": (orders.sort().values == torch.arange(n)).all(), "correlation": correlation.mean()}


def _epoch(model, batch, order):
    net, optimizer = model
    losses, correct = [], 0
    for rows in order:
        labels = batch["labels"][rows]
        optimizer.zero_grad()
        logits = net(batch["x"][rows])
        loss = F.cross_entropy(logits, labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
        correct = correct + _correct(logits, labels)
    return losses, correct


def _correct(logits, labels):
    return (logits.argmax(-1) == labels).sum()


def _learned(model):
    net, optimizer = model
    weights = dict(net.named_parameters())
    buffers = {f"momentum.{name}": optimizer.state[w]["momentum_buffer"] for name, w in weights.items()}
    return {**weights, **buffers}
