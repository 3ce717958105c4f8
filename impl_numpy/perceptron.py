"""The perceptron rule in NumPy."""

import numpy as np

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
    return {"w": np.stack(ws), "b": np.stack(bs), "errors": errors}


def learn_xor(model, batch):
    w, b = model
    ws, bs, errors, predictions, mse, states = [], [], [], [], [], []
    while len(set(states)) == len(states) < MOST_EPOCHS:  # until a state comes back
        w, b, wrong = _epoch(w, b, batch["x"], batch["xor"])
        ws, bs, errors = [*ws, w], [*bs, b], [*errors, wrong]
        predicted = (batch["x"] @ w + b > 0).astype(w.dtype)
        predictions.append(predicted)
        mse.append(np.mean((batch["xor"].astype(w.dtype) - predicted) ** 2))
        states.append((*w.tolist(), b.item()))
    return {
        "w": np.stack(ws),
        "b": np.stack(bs),
        "errors": errors,
        "predicted": np.stack(predictions),
        "mse": np.stack(mse),
        "repeats": states.index(states[-1]) + 1,  # the epoch, from 1, whose state came back
    }


def _epoch(w, b, x, y):
    errors = 0
    for point, label in zip(x.astype(w.dtype), y.astype(w.dtype)):
        error = label - (w @ point + b > 0)
        w, b = w + error * point, b + error
        errors = errors + abs(error).astype(int)
    return w, b, errors
