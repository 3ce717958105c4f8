"""Losses of distributions and sequences: Kullback-Leibler, Poisson, CTC."""

import numpy as np

from parity.divergences.entry import Divergence


def _distributions(rng):
    return {
        "q": rng.dirichlet(np.ones(3), 4),
        "p": rng.dirichlet(np.ones(3), 4),
    }


class Kld(Divergence):
    """torch's mean of the Kullback-Leibler divergence is over all elements; Keras's over the rows.

    The divergence is a sum over the classes, so torch's default is too small by their number, as it warns.
    """

    name, apis = "KLD", ("torch.nn.KLDivLoss", "torch.nn.functional.kl_div", "keras.losses.KLDivergence")
    words = ("kl divergence", "batchmean", "distillation", "reduction", "divided by the number of classes")
    gap, units = 2, 5e7
    warns = {"torch": "batchmean"}
    source = "torch.nn.KLDivLoss, Note; keras.losses.KLDivergence"
    cure = 'torch.nn.KLDivLoss(reduction="batchmean")'

    inputs = _distributions

    def torch(q, p):
        import torch

        return torch.nn.KLDivLoss()(q.log(), p)

    def keras(q, p):
        import keras

        return keras.losses.KLDivergence()(p, q)

    def aligned_torch(q, p):
        import torch

        return torch.nn.KLDivLoss(reduction="batchmean")(q.log(), p)

    def recognise(a, b):
        return (a.reduction, b.reduction) == ("mean", "sum_over_batch_size")

    def pair():
        import keras
        import torch

        return torch.nn.KLDivLoss(), keras.losses.KLDivergence()

    def aligned_pair():
        import keras
        import torch

        return torch.nn.KLDivLoss(reduction="batchmean"), keras.losses.KLDivergence()


class KldLog(Divergence):
    """torch's Kullback-Leibler divergence takes the logarithms of the prediction; Keras's takes probabilities.

    Probabilities given to torch make a negative loss, which no divergence is.
    """

    name, apis = "KLD-LOG", ("torch.nn.KLDivLoss", "torch.nn.functional.kl_div", "keras.losses.KLDivergence")
    words = ("kl divergence", "log_softmax", "log probabilities", "negative loss", "log_target")
    gap, units = 1.66, 4.7e7
    source = "torch.nn.KLDivLoss; keras.losses.KLDivergence"
    cure = "torch.nn.KLDivLoss(...)(q.log(), p)"

    inputs = _distributions

    def torch(q, p):
        import torch

        return torch.nn.KLDivLoss(reduction="batchmean")(q, p)

    def keras(q, p):
        import keras

        return keras.losses.KLDivergence()(p, q)

    def aligned_torch(q, p):
        import torch

        return torch.nn.KLDivLoss(reduction="batchmean")(q.log(), p)


class KldZero(Divergence):
    """A prediction of zero makes torch's Kullback-Leibler divergence infinite; Keras clips it at 1e-7.

    The true value is infinite.
    """

    name, apis = "KLD-ZERO", ("torch.nn.KLDivLoss", "keras.losses.KLDivergence")
    words = ("kl divergence", "inf loss", "log of zero", "clip", "epsilon")
    gap = float("inf")
    gives = {"torch": "float32 inf", "keras": "float32 7.37"}
    source = "keras/src/losses/losses.py, kl_divergence"
    cure = "q.clamp(1e-7, 1)"

    def inputs(rng):
        return {"q": np.array([[0.0, 1.0]]), "p": np.array([[0.5, 0.5]])}

    def torch(q, p):
        import torch

        return torch.nn.KLDivLoss(reduction="batchmean")(q.log(), p)

    def keras(q, p):
        import keras

        return keras.losses.KLDivergence()(p, q)

    def aligned_torch(q, p):
        import torch

        loss = torch.nn.KLDivLoss(reduction="batchmean")
        return loss(q.clamp(1e-7, 1).log(), p)


class Poisson(Divergence):
    """torch's Poisson loss takes the logarithm of the rate; Keras's takes the rate.

    exp(x) - y x against x - y log(x).  Both leave out the terms of the target alone.
    """

    name, apis = "POISSON", ("torch.nn.PoissonNLLLoss", "keras.losses.Poisson")
    words = ("poisson loss", "log_input", "count data", "rate")
    gap, units = 0.438, 3.8e6
    source = "torch.nn.PoissonNLLLoss, log_input; keras.losses.Poisson"
    cure = "torch.nn.PoissonNLLLoss(log_input=False)"

    def inputs(rng):
        return {
            "rate": rng.uniform(0.5, 3, (6, 1)),
            "count": rng.integers(1, 5, (6, 1)).astype(float),
        }

    def torch(rate, count):
        import torch

        return torch.nn.PoissonNLLLoss()(rate, count)

    def keras(rate, count):
        import keras

        return keras.losses.Poisson()(count, rate)

    def aligned_torch(rate, count):
        import torch

        return torch.nn.PoissonNLLLoss(log_input=False)(rate, count)

    def recognise(a, b):
        return a.log_input

    def pair():
        import keras
        import torch

        return torch.nn.PoissonNLLLoss(), keras.losses.Poisson()

    def aligned_pair():
        import keras
        import torch

        return torch.nn.PoissonNLLLoss(log_input=False), keras.losses.Poisson()


class Ctc(Divergence):
    """torch's mean of the CTC loss divides each sample by the length of its target; Keras's does not.

    The blank is 0 in both, and a sample's own loss is the same (CTC-NONE).  torch takes logarithms of probabilities
    (time, batch, classes), Keras logits (batch, time, classes).
    """

    name, apis = "CTC", ("torch.nn.CTCLoss", "torch.nn.functional.ctc_loss", "keras.ops.ctc_loss", "keras.losses.CTC")
    words = ("ctc", "speech recognition", "target length", "reduction", "ocr")
    gap, units = 2, 5.6e7
    source = "torch.nn.CTCLoss, reduction; keras.ops.ctc_loss"
    cure = 'torch.nn.CTCLoss(reduction="none")(...).mean()'

    def inputs(rng):
        return {
            "logits": rng.normal(size=(2, 6, 4)),
            "target": np.array([[1, 2, 3], [3, 1, 2]]),
        }

    def torch(logits, target):
        import torch

        log_probs, lengths = (
            logits.log_softmax(-1).transpose(0, 1),
            torch.tensor([6, 6]),
        )
        loss = torch.nn.CTCLoss()
        return loss(log_probs, target, lengths, torch.tensor([3, 3]))

    def keras(logits, target):
        import keras

        lengths = (
            keras.ops.convert_to_tensor([6, 6]),
            keras.ops.convert_to_tensor([3, 3]),
        )
        target = keras.ops.cast(target, "int32")
        return keras.ops.mean(
            keras.ops.ctc_loss(
                target,
                logits,
                lengths[1],
                lengths[0],
                mask_index=0,
            ),
        )

    def aligned_torch(logits, target):
        import torch

        log_probs, lengths = (
            logits.log_softmax(-1).transpose(0, 1),
            torch.tensor([6, 6]),
        )
        loss = torch.nn.CTCLoss(reduction="none")
        return loss(log_probs, target, lengths, torch.tensor([3, 3])).mean()


class CtcNone(Divergence):
    """A sample's CTC loss is the same in both, with 0 as the blank.

    torch's default blank is 0, and so is Keras's mask_index; Keras 2's ctc_batch_cost took the last class.
    """

    name, apis = "CTC-NONE", ("torch.nn.CTCLoss", "keras.ops.ctc_loss")
    words = ("ctc", "blank", "blank index", "mask_index")
    gap, equal = 0, True
    source = "torch.nn.CTCLoss, blank; keras.ops.ctc_loss, mask_index"
    cure = 'nothing to align with reduction="none"'

    def inputs(rng):
        return {
            "logits": rng.normal(size=(2, 6, 4)),
            "target": np.array([[1, 2, 3], [3, 1, 2]]),
        }

    def torch(logits, target):
        import torch

        log_probs, lengths = (
            logits.log_softmax(-1).transpose(0, 1),
            torch.tensor([6, 6]),
        )
        loss = torch.nn.CTCLoss(reduction="none")
        return loss(log_probs, target, lengths, torch.tensor([3, 3]))

    def keras(logits, target):
        import keras

        lengths = (
            keras.ops.convert_to_tensor([6, 6]),
            keras.ops.convert_to_tensor([3, 3]),
        )
        return keras.ops.ctc_loss(
            keras.ops.cast(target, "int32"),
            logits,
            lengths[1],
            lengths[0],
            mask_index=0,
        )
