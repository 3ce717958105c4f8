"""SGD with momentum and Adam in PyTorch."""

import copy

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Net(nn.Module):
    def __init__(self, inputs, hidden, classes):
        super().__init__()
        self.hidden, self.out = nn.Linear(inputs, hidden), nn.Linear(hidden, classes)

    def forward(self, x):
        return self.out(torch.tanh(self.hidden(x)))


def build(params, lr, momentum, adam_lr, beta1, beta2, eps):
    hidden, inputs = params["hidden.weight"].shape
    net = Net(inputs, hidden, len(params["out.bias"]))
    net.load_state_dict(params, assign=True)
    sgd = torch.optim.SGD(net.parameters(), lr=lr, momentum=momentum)
    return net, sgd, torch.optim.Adam(net.parameters(), lr=adam_lr, betas=(beta1, beta2), eps=eps)


def sgd_step(model, batch):
    net, optimizer, _ = model
    rows = batch["order"][0, 0]
    loss = _step(net, optimizer, batch["x"][rows], batch["labels"][rows])
    return {"loss": loss, **_gradients(net), **_learned(net, optimizer, "momentum")}


def adam_step(model, batch):
    net, _, optimizer = model
    rows = batch["order"][0, 0]
    loss = _step(net, optimizer, batch["x"][rows], batch["labels"][rows])
    return {"loss": loss, **_gradients(net), **_learned(net, optimizer, "exp_avg", "exp_avg_sq")}


def first_update(model, batch):
    net, *optimizers = model
    before, rows, moved = copy.deepcopy(net.state_dict()), batch["order"][0, 0], []
    for optimizer in optimizers:
        net.load_state_dict(before)
        _step(net, optimizer, batch["x"][rows], batch["labels"][rows])
        moves = torch.cat([(w.detach() - before[name]).abs().flatten() for name, w in net.named_parameters()])
        moved.append(((moves / optimizer.param_groups[0]["lr"] - 1).abs() < 0.01).sum())
    return {"weights": moves.numel(), "sgd_by_rate": moved[0], "adam_by_rate": moved[1]}


def sgd(model, batch):
    net, optimizer, _ = model
    losses = _train(net, optimizer, batch)
    return {"losses": losses, "norm": _norm(net), **_learned(net, optimizer, "momentum")}


def adam(model, batch):
    net, _, optimizer = model
    losses = _train(net, optimizer, batch)
    return {"losses": losses, "norm": _norm(net), **_learned(net, optimizer, "exp_avg", "exp_avg_sq")}


def textbook(model, batch):
    sgd_net, *_ = model
    adam_net = copy.deepcopy(sgd_net)
    sgd = torch.optim.SGD(sgd_net.parameters(), lr=0.1, momentum=0.9)
    adam = torch.optim.Adam(adam_net.parameters(), lr=0.1, betas=(0.9, 0.999), eps=1e-8)
    return {
        "sgd_losses": _train(sgd_net, sgd, batch),
        "adam_losses": _train(adam_net, adam, batch),
        "sgd_norm": _norm(sgd_net),
        "adam_norm": _norm(adam_net),
    }


def _train(net, optimizer, batch):
    data, losses = TensorDataset(batch["x"], batch["labels"]), []
    for order in batch["order"]:
        loader = DataLoader(data, batch_sampler=order.tolist())  # the given order, in place of shuffle=True
        losses.append(torch.stack([_step(net, optimizer, x, labels) for x, labels in loader]).mean())
    return torch.stack(losses)


def _step(net, optimizer, x, labels):
    optimizer.zero_grad()
    loss = nn.CrossEntropyLoss()(net(x), labels)
    loss.backward()
    optimizer.step()
    return loss.detach()


def _norm(net):
    return torch.linalg.vector_norm(nn.utils.parameters_to_vector(net.parameters()).detach())


def _gradients(net):
    return {f"grad.{name}": w.grad for name, w in net.named_parameters()}


def _learned(net, optimizer, *buffers):
    weights = dict(net.named_parameters())
    theirs = {"momentum": "momentum_buffer"}
    states = {
        f"{ours}.{name}": optimizer.state[w][theirs.get(ours, ours)] for name, w in weights.items() for ours in buffers
    }
    return {**weights, **states}
