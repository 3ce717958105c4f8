"""With and without batch normalisation, in PyTorch."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Net(nn.Module):
    def __init__(self, inputs, hidden, bn=None):
        super().__init__()
        self.hidden, self.out = nn.Linear(inputs, hidden, bias=False), nn.Linear(hidden, 10)
        self.bn = bn or nn.Identity()

    def forward(self, x):
        return self.out(torch.tanh(self.bn(self.hidden(x))))


def build(params, lr, eps, momentum):
    return params, lr, eps, momentum


def plain(model, batch):
    params, lr, _, _ = model
    hidden, inputs = params["hidden.weight"].shape
    net = Net(inputs, hidden)
    net.load_state_dict({name: w for name, w in params.items() if not name.startswith("bn.")}, assign=True)
    return _train(net, lr, batch)


def normalised(model, batch):
    params, lr, eps, momentum = model
    hidden, inputs = params["hidden.weight"].shape
    net = Net(inputs, hidden, nn.BatchNorm1d(hidden, eps=eps, momentum=momentum))
    net.load_state_dict(params, assign=True)
    return _train(net, lr, batch)


def _train(net, lr, batch):
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    data, history = TensorDataset(batch["x"], batch["labels"]), []
    for order in batch["order"]:
        net.train()
        loader = DataLoader(data, batch_size=order.shape[1], sampler=order.flatten().tolist())
        losses = [_step(net, optimizer, x, labels) for x, labels in loader]
        net.eval()
        with torch.no_grad():
            logits = net(batch["validation_x"])
        right = logits.argmax(-1) == batch["validation_labels"]
        history.append(
            {
                "loss": torch.stack(losses).mean(),
                "validation_loss": nn.CrossEntropyLoss()(logits, batch["validation_labels"]),
                "validation_accuracy": right.to(logits.dtype).mean(),
            }
        )
    learned = net.state_dict()
    learned.pop("bn.num_batches_tracked", None)  # counted by torch alone
    return {name: torch.stack([metrics[name] for metrics in history]) for name in history[0]} | learned


def _step(net, optimizer, x, labels):
    optimizer.zero_grad()
    loss = nn.CrossEntropyLoss()(net(x), labels)
    loss.backward()
    optimizer.step()
    return loss.detach()
