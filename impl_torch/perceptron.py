"""The perceptron rule in PyTorch: no gradient, so no autograd."""

import torch
import torch.nn.functional as F

MOST_EPOCHS = 100  # a training that went wrong ends too


def build(params):
    return params["w"], params["b"]


def epoch(model, batch):
    w, b, errors = _epoch(*model, batch["x"], batch["and"])
    return {"w": w, "b": b, "errors": errors}


def learn_and(model, batch):
    w, b = model
    ws, bs, errors = [], [], []
    while not errors or (errors[-1] and len(errors) < MOST_EPOCHS):
        w, b, wrong = _epoch(w, b, batch["x"], batch["and"])
        ws, bs, errors = [*ws, w], [*bs, b], [*errors, wrong]
    return {"w": torch.stack(ws), "b": torch.stack(bs), "errors": errors}


def learn_xor(model, batch):
    w, b = model
    ws, bs, errors, predictions, mse, states = [], [], [], [], [], []
    while len(set(states)) == len(states) < MOST_EPOCHS:  # until a state comes back
        w, b, wrong = _epoch(w, b, batch["x"], batch["xor"])
        ws, bs, errors = [*ws, w], [*bs, b], [*errors, wrong]
        predicted = (batch["x"].to(w.dtype) @ w + b > 0).to(w.dtype)
        predictions.append(predicted)
        mse.append(F.mse_loss(predicted, batch["xor"].to(w.dtype)))
        states.append((*w.tolist(), b.item()))
    return {
        "w": torch.stack(ws),
        "b": torch.stack(bs),
        "errors": errors,
        "predicted": torch.stack(predictions),
        "mse": torch.stack(mse),
        "repeats": states.index(states[-1]) + 1,  # the epoch, from 1, whose state came back
    }


def _epoch(w, b, x, y):
    errors = 0
    for point, label in zip(x.to(w.dtype), y):
        error = label - (w @ point + b > 0).to(w.dtype)
        w, b = w + error * point, b + error
        errors = errors + abs(error).to(torch.int64)
    return w, b, errors
