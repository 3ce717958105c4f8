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


def extremes(model, batch):
    extreme = {"logits": batch["extreme_logits"], "labels": batch["extreme_labels"]}
    by_nll = nll(model, extreme)
    return {
        "cross_entropy": cross_entropy(model, extreme)["loss"],
        "nll": by_nll["loss"],
        "grad.extreme_logits": by_nll["grad.logits"],
    }
