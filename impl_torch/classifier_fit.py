"""A loop, in PyTorch."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

EPOCHS = 3


def build(params, lr, beta1, beta2, eps):
    hidden, inputs = params["0.weight"].shape
    net = nn.Sequential(
        nn.Linear(inputs, hidden),
        nn.Tanh(),
        nn.Linear(hidden, hidden),
        nn.Tanh(),
        nn.Linear(hidden, len(params["4.bias"])),
    )
    net.load_state_dict(params, assign=True)
    return net, torch.optim.Adam(net.parameters(), lr=lr, betas=(beta1, beta2), eps=eps)


def fit(model, batch):
    net, optimizer = model
    return {"losses": _train(net, optimizer, batch), **dict(net.named_parameters())}


def textbook(model, batch):
    net, _ = model
    return {"losses": _train(net, torch.optim.Adam(net.parameters()), batch)}


def no_epsilon(model, batch):
    net, _ = model
    return {"losses": _train(net, torch.optim.Adam(net.parameters(), eps=2.0**-100), batch)}


def _train(net, optimizer, batch):
    criterion = nn.CrossEntropyLoss()
    rows = batch["rows"].flatten()
    loader = DataLoader(TensorDataset(batch["x"][rows], batch["labels"][rows]), batch_size=batch["rows"].shape[1])
    losses = []
    for _ in range(EPOCHS):
        epoch = []
        for x, labels in loader:
            optimizer.zero_grad()
            loss = criterion(net(x), labels)
            loss.backward()
            optimizer.step()
            epoch.append(loss.detach())
        losses.append(torch.stack(epoch).mean())
    return torch.stack(losses)
