"""Transfer learning with ResNet-18, in PyTorch; the modules are named as torchvision's."""

import torch
import torch.nn.functional as F
from torch import nn


class BasicBlock(nn.Module):
    def __init__(self, c, o, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(c, o, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(o)
        self.conv2 = nn.Conv2d(o, o, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(o)
        same = c == o
        self.downsample = None if same else nn.Sequential(nn.Conv2d(c, o, 1, stride, bias=False), nn.BatchNorm2d(o))

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        z = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(z)) + shortcut)


class ResNet18(nn.Module):
    def __init__(self, width, classes=1000):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 7, 2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.maxpool = nn.MaxPool2d(3, 2, padding=1)
        widths = [width * 2**layer for layer in range(4)]
        for layer, (c, o) in enumerate(zip([width, *widths], widths), start=1):
            blocks = BasicBlock(c, o, 1 if layer == 1 else 2), BasicBlock(o, o, 1)
            self.add_module(f"layer{layer}", nn.Sequential(*blocks))
        self.fc = nn.Linear(widths[-1], classes)

    def forward(self, x):
        x = self.maxpool(F.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(x.mean((2, 3)))


def build(params, lr):
    net = ResNet18(width=len(params["bn1.weight"]))  # with a head for ImageNet's thousand classes
    net.requires_grad_(False)
    built = net.fc
    net.fc = nn.Linear(built.in_features, len(params["fc.bias"]))  # in its place a new one, which alone learns
    net.load_state_dict(params, assign=True)
    net.eval()  # frozen statistics too (BN-FREEZE)
    return net, built, nn.CrossEntropyLoss(), torch.optim.SGD(net.fc.parameters(), lr=lr)


def forward(model, batch):
    net, _, criterion, _ = model
    with torch.no_grad():
        logits = net(batch["x"])
        return {"logits": logits, "loss": criterion(logits, batch["labels"])}


def step(model, batch):
    net, *_ = model
    loss = _step(model, batch)
    head = {f"fc.{name}": w for name, w in net.fc.named_parameters()}
    return {"loss": loss, **{f"grad.{name}": w.grad for name, w in head.items()}, **head}


def moved(model, batch):
    net, built, *_ = model
    before = {name: w.clone() for name, w in net.state_dict().items() if not name.endswith("num_batches_tracked")}
    _step(model, batch)
    after, grads = net.state_dict(), {name: w.grad for name, w in net.named_parameters()}
    return {
        "built": built.out_features,
        "classes": net.fc.out_features,
        "tensors": _by_part(before),
        "gradients": _by_part([name for name, g in grads.items() if g is not None and g.any()]),
        "moved": _by_part([name for name, w in before.items() if not torch.equal(w, after[name])]),
    }


def _by_part(names):
    """How many are of the head, of the trunk's weights, and of its statistics."""
    head = sum(name.startswith("fc.") for name in names)
    statistics = sum("running" in name for name in names)
    return [head, len(names) - head - statistics, statistics]


def _step(model, batch):
    net, _, criterion, optimizer = model
    optimizer.zero_grad()
    loss = criterion(net(batch["x"]), batch["labels"])
    loss.backward()
    optimizer.step()
    return loss
