"""Moving to a device in PyTorch."""

import torch
from torch import nn


def build(params):
    hidden, inputs = params["first.weight"].shape
    with torch.device("meta"):  # the weights are given, so none are drawn
        first, second = nn.Linear(inputs, hidden), nn.Linear(hidden, len(params["second.bias"]))
    first.load_state_dict({part: params[f"first.{part}"] for part in ("weight", "bias")}, assign=True)
    second.load_state_dict({part: params[f"second.{part}"] for part in ("weight", "bias")}, assign=True)
    return nn.Sequential(first, nn.Tanh(), second)


def forward(model, batch):
    with torch.no_grad():
        return {"y": model(batch["x"])}


def left_behind(model, batch):
    there = "cuda" if torch.cuda.is_available() else "meta"  # every torch has the meta device: shapes, no values
    if there == "meta":
        print("there is no CUDA here, so the model goes to the meta device")
    try:
        model.to(there)(batch["x"])
    except RuntimeError as error:
        print(f"refused: {error}")
        return {"refused": True}
    return {"refused": False}
