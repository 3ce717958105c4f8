"""Cross-entropy and negative log-likelihood in NumPy."""

import numpy as np

from impl_numpy import ops


def build(params):
    return params


def cross_entropy(model, batch):
    loss, vjp = ops.cross_entropy(batch["logits"], batch["labels"])
    return {"loss": loss, "grad.logits": vjp(1)}


def nll(model, batch):
    log_probability, log_softmax_vjp = _log_softmax(batch["logits"])
    loss, nll_vjp = _nll(log_probability, batch["labels"])
    return {"loss": loss, "grad.logits": log_softmax_vjp(nll_vjp(1))}


def extremes(model, batch):
    extreme = {"logits": batch["extreme_logits"], "labels": batch["extreme_labels"]}
    by_nll = nll(model, extreme)
    return {
        "cross_entropy": cross_entropy(model, extreme)["loss"],
        "nll": by_nll["loss"],
        "grad.extreme_logits": by_nll["grad.logits"],
    }


def _log_softmax(z):
    shifted = z - z.max(-1, keepdims=True)
    log_a = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
    return log_a, lambda d: d - np.exp(log_a) * d.sum(-1, keepdims=True)


def _nll(log_probability, labels):
    rows = np.arange(len(labels), like=labels)

    def vjp(dloss):
        d = np.zeros_like(log_probability)
        d[rows, labels] = -dloss / len(labels)
        return d

    return -np.mean(log_probability[rows, labels]), vjp
