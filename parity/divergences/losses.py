"""Losses of numbers: parameters, signs, and the order of arguments."""

import numpy as np

from parity.divergences.entry import Divergence


class Huber(Divergence):
    """torch's SmoothL1Loss is Huber's loss divided by its threshold; Keras's Huber is not.

    At a threshold of 1 all are equal (HUBER-ONE), and only there.  beta=2 halves the loss and the gradients.
    """

    name, apis = "HUBER", ("torch.nn.SmoothL1Loss", "torch.nn.HuberLoss", "keras.losses.Huber")
    words = ("smooth l1", "huber", "beta", "delta", "bounding box loss")
    gap, units = 1, 2.7e7
    arguments = ("beta", "delta")
    source = "torch.nn.SmoothL1Loss, Note; keras.losses.Huber"
    cure = "torch.nn.HuberLoss(delta=2)"

    def inputs(rng):
        return {
            "prediction": rng.normal(0, 3, (4, 3)),
            "target": rng.normal(0, 3, (4, 3)),
        }

    def torch(prediction, target):
        import torch

        return torch.nn.SmoothL1Loss(beta=2)(prediction, target)

    def keras(prediction, target):
        import keras

        return keras.losses.Huber(delta=2)(target, prediction)

    def aligned_torch(prediction, target):
        import torch

        return torch.nn.HuberLoss(delta=2)(prediction, target)

    def recognise(a, b):
        delta = b._fn_kwargs["delta"]  # its get_config() leaves it out
        return not a.beta == delta == 1 if type(a).__name__ == "SmoothL1Loss" else a.delta != delta

    def pair():
        import keras
        import torch

        return torch.nn.SmoothL1Loss(beta=2), keras.losses.Huber(delta=2)

    def aligned_pair():
        import keras
        import torch

        return torch.nn.HuberLoss(delta=2), keras.losses.Huber(delta=2)


class HuberOne(Divergence):
    """SmoothL1Loss, HuberLoss and Keras's Huber are one loss at the threshold of 1, their default.

    Elsewhere they are not (HUBER).
    """

    name, apis = "HUBER-ONE", ("torch.nn.SmoothL1Loss", "torch.nn.HuberLoss", "keras.losses.Huber")
    words = ("smooth l1", "huber", "beta", "delta", "default")
    gap, equal = 0, True
    source = "torch.nn.SmoothL1Loss, Note; keras.losses.Huber"
    cure = "nothing to align at 1"

    def inputs(rng):
        return {
            "prediction": rng.normal(0, 3, (4, 3)),
            "target": rng.normal(0, 3, (4, 3)),
        }

    def torch(prediction, target):
        import torch

        return torch.nn.SmoothL1Loss()(prediction, target)

    def keras(prediction, target):
        import keras

        return keras.losses.Huber()(target, prediction)


class MaeL1(Divergence):
    """torch's L1Loss is Keras's mean absolute error, with the mean over all elements in both.

    The name makes people look for a sum.
    """

    name, apis = "MAE-L1", ("torch.nn.L1Loss", "keras.losses.MeanAbsoluteError")
    words = ("L1 loss", "mean absolute error", "mae")
    gap, equal = 0, True
    source = "torch.nn.L1Loss; keras.losses.MeanAbsoluteError"
    cure = "nothing to align"

    def inputs(rng):
        return {
            "prediction": rng.normal(size=(4, 3)),
            "target": rng.normal(size=(4, 3)),
        }

    def torch(prediction, target):
        import torch

        return torch.nn.L1Loss()(prediction, target)

    def keras(prediction, target):
        import keras

        return keras.losses.MeanAbsoluteError()(target, prediction)


class Hinge(Divergence):
    """Keras's hinge loss takes labels 0 and 1 for -1 and 1; one written by hand does not.

    As soon as all labels of a batch are 0 or 1 Keras converts them.  The formula max(0, 1 - y z) gives the zeros a loss
    of 1 and no gradient.
    """

    name, apis = "HINGE", ("torch.nn.HingeEmbeddingLoss", "torch.clamp", "keras.losses.Hinge")
    words = ("hinge loss", "svm", "labels 0 and 1", "labels -1 and 1", "convert_binary_labels_to_hinge")
    gap, units = 0.238, 6.8e6
    source = "keras/src/losses/losses.py, convert_binary_labels_to_hinge"
    cure = "2 * truth - 1"

    def inputs(rng):
        return {
            "z": rng.normal(size=(6, 1)),
            "truth": np.array([[0], [1], [0], [1], [0], [1]]),
        }

    def torch(z, truth):
        return (1 - truth * z).clamp(min=0).mean()

    def keras(z, truth):
        import keras

        return keras.losses.Hinge()(truth, z)

    def aligned_torch(z, truth):
        return (1 - (2 * truth - 1) * z).clamp(min=0).mean()


class Cosine(Divergence):
    """Keras's cosine loss is minus the cosine; torch's is one minus it.

    The gradients are the same.  A loss that is negative, or that never reaches zero, is the sign.
    """

    name, apis = "COSINE", ("torch.nn.CosineEmbeddingLoss", "keras.losses.CosineSimilarity")
    words = ("cosine similarity", "negative loss", "sign", "embedding loss")
    gap, units = 1.35, 3.8e7
    source = "torch.nn.CosineEmbeddingLoss; keras.losses.CosineSimilarity"
    cure = "1 + keras.losses.CosineSimilarity()(y, x)"

    def inputs(rng):
        return {"x": rng.normal(size=(4, 3)), "y": rng.normal(1, 1, (4, 3))}

    def torch(x, y):
        import torch

        return torch.nn.CosineEmbeddingLoss()(x, y, torch.ones(4))

    def keras(x, y):
        import keras

        return keras.losses.CosineSimilarity()(y, x)

    def aligned_keras(x, y):
        import keras

        return 1 + keras.losses.CosineSimilarity()(y, x)


class LossOrder(Divergence):
    """torch's losses take the prediction first, Keras's the truth.

    A loss that is not symmetric has another value and another gradient, and both frameworks accept it.
    """

    name = "LOSS-ORDER"
    apis = ("torch.nn.BCELoss", "keras.losses.BinaryCrossentropy", "keras.losses.KLDivergence", "torch.nn.KLDivLoss")
    words = ("argument order", "y_true", "y_pred", "swapped arguments", "input and target", "loss is huge")
    gap, units = 10.1, 2.4e8
    source = "torch.nn.BCELoss; keras.losses.Loss"
    cure = "keywords: loss(y_true=y, y_pred=p), loss(input=p, target=y)"

    def inputs(rng):
        return {
            "p": rng.uniform(0.1, 0.9, (6, 1)),
            "truth": np.array([[0], [1], [0], [1], [0], [1]]),
        }

    def torch(p, truth):
        import torch

        return torch.nn.BCELoss()(p, truth.to(p.dtype))

    def keras(p, truth):
        import keras

        return keras.losses.BinaryCrossentropy()(p, truth)

    def aligned_keras(p, truth):
        import keras

        return keras.losses.BinaryCrossentropy()(y_true=truth, y_pred=p)


class HuberConfig(Divergence):
    """Keras's Huber loss forgets its delta when it is saved.

    get_config() leaves it out, so a model that is loaded, or a loss that is cloned, goes on with 1.
    CosineSimilarity forgets its axis alike.  It looks like a bug of Keras.
    """

    name, apis = "HUBER-CONFIG", ("keras.losses.Huber", "keras.saving.load_model", "keras.losses.deserialize")
    words = ("get_config", "saved model", "load_model", "delta", "loss jumps after loading", "from_config")
    gap, units = 0.419, 1.1e7
    arguments = ("delta",)
    framework = "tf"
    source = "keras/src/losses/losses.py, Huber.get_config"
    cure = "compile the loaded model again with keras.losses.Huber(delta=2)"
    script = """
        import keras

        loss = keras.losses.Huber(delta=2.0)
        clone = keras.losses.deserialize(keras.losses.serialize(loss))
        a, b = float(loss([0.0], [3.0])), float(clone([0.0], [3.0]))
        assert a == b, f"{a}, and {b} after saving: delta is forgotten"
    """

    def inputs(rng):
        return {
            "prediction": rng.normal(0, 3, (4, 3)),
            "target": rng.normal(0, 3, (4, 3)),
        }

    def made(prediction, target):
        import keras

        return keras.losses.Huber(delta=2)(target, prediction)

    def loaded(prediction, target):
        import keras

        saved = keras.losses.serialize(keras.losses.Huber(delta=2))
        return keras.losses.deserialize(saved)(target, prediction)

    def aligned_loaded(prediction, target):
        import keras

        saved = keras.losses.Huber(delta=2).get_config()
        return keras.losses.Huber.from_config({**saved, "delta": 2})(
            target,
            prediction,
        )
