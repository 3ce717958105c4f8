"""Wide or deep in PyTorch."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def build(params, lr):
    nets = {}
    for name in ("wide", "deep"):
        net = _net([w.shape for key, w in params.items() if key.startswith(name) and key.endswith("weight")])
        state = [w for key, w in params.items() if key.startswith(name)]
        net.load_state_dict(dict(zip(net.state_dict(), state)), assign=True)
        nets[name] = net, torch.optim.SGD(net.parameters(), lr=lr)
    return nets


def wide_step(model, batch):
    return _learned("wide", model, _step(*model["wide"], batch["x"], batch["target"]))


def deep_step(model, batch):
    return _learned("deep", model, _step(*model["deep"], batch["x"], batch["target"]))


def train(model, batch):
    loader = DataLoader(TensorDataset(batch["x"], batch["target"]), batch_size=batch["rows"].shape[1])
    losses = {}
    for name, (net, optimizer) in model.items():
        epochs = [torch.stack([_step(net, optimizer, x, target) for x, target in loader]) for _ in batch["epochs"]]
        losses[name] = torch.stack(epochs).mean(1)
    with torch.no_grad():
        final = [nn.MSELoss()(net(batch["x"]), batch["target"]) for net, _ in model.values()]
    return {**losses, "final": torch.stack(final)}


def count(model, batch):
    wide, deep = (sum(w.numel() for w in net.parameters()) for net, _ in model.values())
    return {"parameters": (wide, deep)}


def _net(shapes):
    layers = []
    for outputs, inputs in shapes:
        layers += [nn.Linear(inputs, outputs), nn.Tanh()]
    return nn.Sequential(*layers[:-1])


def _step(net, optimizer, x, target):
    optimizer.zero_grad()
    loss = nn.MSELoss()(net(x), target)
    loss.backward()
    optimizer.step()
    return loss.detach()


def _learned(name, model, loss):
    net, _ = model[name]
    linear = [layer for layer in net if isinstance(layer, nn.Linear)]
    weights = {
        f"{name}.{place}.{part}": w for place, layer in enumerate(linear) for part, w in layer.named_parameters()
    }
    return {"loss": loss, **{f"grad.{key}": w.grad for key, w in weights.items()}, **weights}
