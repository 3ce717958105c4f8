"""Moving to a device in PyTorch."""

from collections import OrderedDict

import torch
from torch import nn


def build(params):
    hidden, inputs = params["first.weight"].shape
    first, second = nn.Linear(inputs, hidden), nn.Linear(hidden, len(params["second.bias"]))
    model = nn.Sequential(OrderedDict(first=first, tanh=nn.Tanh(), second=second))
    model.load_state_dict(params, assign=True)
    return model


def forward(model, batch):
    with torch.no_grad():
        return {"y": model(batch["x"])}


def left_behind(model, batch):
    device = torch.device("cuda" if torch.cuda.is_available() else "meta")
    if device.type == "meta":  # every torch has it: shapes without values
        print("there is no CUDA here, so the meta device stands for it")
    model.to(device)
    x = batch["x"].cpu()
    return {"refused": [_refused(model, x), _refused(model, x.to(device))]}


def _refused(model, x):
    try:
        model(x)
    except RuntimeError as error:
        print(f"refused: {error}")
        return True
    return False
