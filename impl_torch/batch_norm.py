"""Batch normalisation in PyTorch."""

import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, params, eps, momentum):
        super().__init__()
        hidden, inputs = params["fc.weight"].shape
        self.fc = nn.Linear(inputs, hidden, bias=False)  # normalisation would take a bias away
        self.bn1 = nn.BatchNorm1d(hidden, eps=eps, momentum=momentum)
        self.bn2 = nn.BatchNorm2d(len(params["bn2.bias"]), eps=eps, momentum=momentum)

    def forward(self, x, image):
        return self.bn1(self.fc(x)), self.bn2(image)


def build(params, eps, momentum):
    with torch.device("meta"):  # the weights are given, so none are drawn
        net = Net(params, eps, momentum)
    net.load_state_dict(params, assign=True)
    return net


def forward(model, batch):
    model.train()
    with torch.no_grad():
        y, y_image = model(batch["x"], batch["image"])
    running = {name: b for name, b in model.named_buffers() if "running" in name}
    return {"y": y, "y.image": y_image, **running}


def backward(model, batch):
    model.train()
    x, image = (batch[name].detach().requires_grad_() for name in ("x", "image"))
    model.zero_grad()
    torch.autograd.backward(model(x, image), [batch["cotangent"], batch["cotangent.image"]])
    weights = {f"grad.{name}": w.grad for name, w in model.named_parameters()}
    return {"grad.x": x.grad, "grad.image": image.grad, **weights}


def evaluate(model, batch):
    model.eval()
    with torch.no_grad():
        y, y_image = model(batch["x"], batch["image"])
    return {"y": y, "y.image": y_image}


def train_one(model, batch):
    model.train()
    return {"y": model.bn1(model.fc(batch["one"]))}  # BN-ONE: refused


def evaluate_one(model, batch):
    model.eval()
    return {"y": model.bn1(model.fc(batch["one"]))}
