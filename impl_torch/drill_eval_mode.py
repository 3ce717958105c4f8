"""Dropout left on, in PyTorch."""

import torch
from torch import nn

CALLS = 5


class Net(nn.Module):
    def __init__(self, inputs, hidden, p):
        super().__init__()
        self.hidden, self.dropout = nn.Linear(inputs, hidden), nn.Dropout(p)
        self.out = nn.Linear(hidden, 10, bias=False)

    def forward(self, x, mask=None):
        a = torch.tanh(self.hidden(x))
        if not self.training or mask is None:
            return self.out(self.dropout(a))
        return self.out(a * mask / (1 - self.dropout.p))  # what the layer would do, the mask given (DROP-SCALE)


def build(params, p):
    hidden, inputs = params["hidden.weight"].shape
    net = Net(inputs, hidden, p)
    net.load_state_dict(params, assign=True)
    return net


def broken(model, batch):
    model.train()  # as it is from the start (DROP-MODE)
    return _gathered([_validate(model, batch, mask) for mask in batch["masks"]])


def fixed(model, batch):
    model.eval()
    with torch.no_grad():
        return _gathered([_validate(model, batch, None) for _ in range(CALLS)])


def native(model, batch):
    with torch.random.fork_rng():
        train = _gathered([_validate(model, batch, None) for _ in range(CALLS)])["loss"]
    model.eval()
    evaluated = _gathered([_validate(model, batch, None) for _ in range(CALLS)])["loss"]
    return {"train_varies": _vary(train), "eval_varies": _vary(evaluated)}


def _validate(model, batch, mask):
    """The metrics of one call; without a mask the layer drops what it draws, or nothing in evaluation."""
    logits = model(batch["x"], mask)
    right = logits.argmax(-1) == batch["labels"]
    loss = nn.CrossEntropyLoss()(logits, batch["labels"])
    return {"loss": loss, "correct": right.sum(), "accuracy": right.to(logits.dtype).mean()}


def _vary(losses):
    return (losses != losses[0]).any()


def _gathered(calls):
    return {name: torch.stack([metrics[name] for metrics in calls]) for name in calls[0]}
