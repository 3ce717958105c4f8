"""Batch normalisation in PyTorch."""

import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self, inputs, hidden, classes, channels, eps, momentum):
        super().__init__()
        self.fc1 = nn.Linear(inputs, hidden, bias=False)  # normalisation would take a bias away
        self.bn1 = nn.BatchNorm1d(hidden, eps=eps, momentum=momentum)
        self.fc2 = nn.Linear(hidden, hidden, bias=False)
        self.bn2 = nn.BatchNorm1d(hidden, eps=eps, momentum=momentum)
        self.fc3 = nn.Linear(hidden, classes)
        self.bn_image = nn.BatchNorm2d(channels, eps=eps, momentum=momentum)

    def forward(self, x):
        a = F.relu(self.bn1(self.fc1(x)))
        a = F.relu(self.bn2(self.fc2(a)))
        return self.fc3(a)


def build(params, eps, momentum):
    hidden, inputs = params["fc1.weight"].shape
    net = Net(inputs, hidden, len(params["fc3.bias"]), len(params["bn_image.bias"]), eps, momentum)
    net.load_state_dict(params, assign=True)
    return net


def forward(model, batch):
    model.train()
    with torch.no_grad():
        y, y_image = model(batch["x"]), model.bn_image(batch["image"])
    running = {name: b for name, b in model.named_buffers() if "running" in name}
    return {"y": y, "y.image": y_image, **running}


def backward(model, batch):
    model.train()
    x, image = (batch[name].detach().requires_grad_() for name in ("x", "image"))
    model.zero_grad()
    torch.autograd.backward([model(x), model.bn_image(image)], [batch["cotangent"], batch["cotangent.image"]])
    weights = {f"grad.{name}": w.grad for name, w in model.named_parameters()}
    return {"grad.x": x.grad, "grad.image": image.grad, **weights}


def evaluate(model, batch):
    model.eval()
    with torch.no_grad():
        return {"y": model(batch["x"]), "y.image": model.bn_image(batch["image"])}


def statistics(model, batch):
    with torch.no_grad():
        z = model.fc1(batch["x"])
    bn = nn.BatchNorm1d(z.shape[1]).to(z)
    bn(z)
    running = {"mean": bn.running_mean, "var": bn.running_var}
    both = {f"{kind}_{name}": value for kind in ("running", "aligned") for name, value in running.items()}
    return {"batch_var": z.var(0, correction=0), **both}


def train_one(model, batch):
    model.train()
    return {"y": model(batch["x"][:1]), "y.other": model(batch["x"][1:2])}  # BN-ONE: refused


def evaluate_one(model, batch):
    model.eval()
    with torch.no_grad():
        return {"y": model(batch["x"][:1])}
