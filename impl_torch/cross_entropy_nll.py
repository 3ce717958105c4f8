"""Cross-entropy and negative log-likelihood in PyTorch."""

from torch import nn


def build(params):
    return nn.CrossEntropyLoss(), nn.LogSoftmax(dim=-1), nn.NLLLoss()


def cross_entropy(model, batch):
    criterion, *_ = model
    logits = batch["logits"].detach().requires_grad_()
    loss = criterion(logits, batch["labels"])
    loss.backward()
    return {"loss": loss, "grad.logits": logits.grad}


def nll(model, batch):
    _, log_softmax, criterion = model
    logits = batch["logits"].detach().requires_grad_()
    loss = criterion(log_softmax(logits), batch["labels"])
    loss.backward()
    return {"loss": loss, "grad.logits": logits.grad}
