"""Learning-rate schedules in PyTorch."""

import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR, StepLR
from torch.utils.data import DataLoader, TensorDataset


class Net(nn.Module):
    def __init__(self, inputs, hidden, classes):
        super().__init__()
        self.hidden, self.out = nn.Linear(inputs, hidden), nn.Linear(hidden, classes)

    def forward(self, x):
        return self.out(torch.tanh(self.hidden(x)))


def build(params, lr, momentum, step_size, gamma, t_max, eta_min):
    hidden, inputs = params["hidden.weight"].shape
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


def step_lr_given(model, batch):
    return step_lr(model, batch)


def cosine_given(model, batch):
    return cosine(model, batch)


def _train(net, optimizer, scheduler, batch):
    data = TensorDataset(batch["x"], batch["labels"])
    rates, losses, sizes = [], [], []
    for order in batch["order"]:
        loader = DataLoader(data, batch_sampler=order.tolist())  # the given order, in place of shuffle=True
        rates += scheduler.get_last_lr()
        losses.append(torch.stack([_step(net, optimizer, x, labels) for x, labels in loader]).mean())
        scheduler.step()  # once an epoch (LR-UNIT)
        velocity = {name: optimizer.state[w]["momentum_buffer"] for name, w in net.named_parameters()}
        sizes.append(torch.linalg.vector_norm(nn.utils.parameters_to_vector(velocity.values())))
    losses = torch.stack(losses)
    curves = {"rates": losses.new_tensor(rates), "losses": losses, "velocity": torch.stack(sizes)}
    return {**curves, **dict(net.named_parameters()), **{f"momentum.{name}": v for name, v in velocity.items()}}


def _step(net, optimizer, x, labels):
    optimizer.zero_grad()
    loss = nn.CrossEntropyLoss()(net(x), labels)
    loss.backward()
    optimizer.step()
    return loss.detach()
