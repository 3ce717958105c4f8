"""Losses of numbers, distributions and sequences: reductions, parameters, arguments."""

import numpy as np

from parity.divergences.entry import Divergence


class MseBcast(Divergence):
    """The squared error of (n, 1) and (n,) is the mean over n² pairs in torch and NumPy; Keras makes them one shape.

    torch warns, NumPy does not.  The loss falls to the variance of the targets and no further, since the best
    prediction for all pairs is their mean.
    """

    name, apis = "MSE-BCAST", ("torch.nn.MSELoss", "torch.nn.functional.mse_loss", "keras.losses.MeanSquaredError")
    words = ("broadcast", "Using a target size that is different", "loss does not fall", "predicts the mean", "squeeze")
    gap = 0.27
    warns = {"torch": "Using a target size"}
    source = "torch/nn/functional.py, mse_loss; keras/src/losses/loss.py, squeeze_or_expand_to_same_rank"
    cure = "make the shapes equal: target.unsqueeze(1)"

    def inputs(rng):
        return {"prediction": rng.normal(size=(6, 1)), "target": rng.normal(size=6)}

    def torch(prediction, target):
        import torch

        return torch.nn.MSELoss()(prediction, target)

    def keras(prediction, target):
        import keras

        return keras.losses.MeanSquaredError()(target, prediction)

    def numpy(prediction, target):
        return np.mean((prediction - target) ** 2)

    def aligned_torch(prediction, target):
        import torch

        return torch.nn.MSELoss()(prediction, target.unsqueeze(1))

    def aligned_numpy(prediction, target):
        return np.mean((prediction - target[:, None]) ** 2)


class MseRed(Divergence):
    """Keras's 'sum' adds up the means over the last axis; torch's adds up everything.

    The loss and every gradient are smaller by the number of outputs.  'sum' is used where somebody divides by hand, as
    in detectors and variational autoencoders.
    """

    name = "MSE-RED"
    apis = (
        "torch.nn.MSELoss", "torch.nn.L1Loss", "keras.losses.MeanSquaredError", "keras.losses.MeanAbsoluteError",
    )  # fmt: skip
    words = ("reduction sum", "loss is smaller", "divided by the number of outputs", "VAE", "reconstruction loss")
    gap = 0.667
    source = "torch.nn.MSELoss, reduction; keras/src/losses/losses.py, mean_squared_error"
    cure = "multiply Keras's sum by the length of the last axis"

    def inputs(rng):
        return {"prediction": rng.normal(size=(4, 3)), "target": rng.normal(size=(4, 3))}

    def torch(prediction, target):
        import torch

        return torch.nn.MSELoss(reduction="sum")(prediction, target)

    def keras(prediction, target):
        import keras

        return keras.losses.MeanSquaredError(reduction="sum")(target, prediction)

    def aligned_keras(prediction, target):
        import keras

        return 3 * keras.losses.MeanSquaredError(reduction="sum")(target, prediction)

    def recognise(a, b):
        return a.reduction == b.reduction == "sum"

    def pair():
        import keras
        import torch

        return torch.nn.MSELoss(reduction="sum"), keras.losses.MeanSquaredError(reduction="sum")

    def aligned_pair():
        import keras
        import torch

        return torch.nn.MSELoss(), keras.losses.MeanSquaredError()


class MseNone(Divergence):
    """Without a reduction torch returns a loss for each element, and Keras one for each row.

    Keras's losses always take the mean over the last axis.  A mask over the elements fits torch's alone.
    """

    name = "MSE-NONE"
    apis = (
        "torch.nn.MSELoss", "torch.nn.L1Loss", "keras.losses.MeanSquaredError", "keras.losses.MeanAbsoluteError",
    )  # fmt: skip
    words = ("reduction none", "loss shape", "per element", "masked loss", "last axis")
    gap = float("inf")
    source = "torch.nn.MSELoss, reduction; keras.losses.MeanSquaredError"
    cure = "loss.mean(-1) in torch; a last axis of length one, target[..., None], in Keras"

    def inputs(rng):
        return {"prediction": rng.normal(size=(4, 3)), "target": rng.normal(size=(4, 3))}

    def torch(prediction, target):
        import torch

        return torch.nn.MSELoss(reduction="none")(prediction, target)

    def keras(prediction, target):
        import keras

        return keras.losses.MeanSquaredError(reduction="none")(target, prediction)

    def aligned_torch(prediction, target):
        import torch

        return torch.nn.MSELoss(reduction="none")(prediction, target).mean(-1)

    def recognise(a, b):
        return a.reduction == b.reduction == "none"

    def pair():
        import keras
        import torch

        return torch.nn.MSELoss(reduction="none"), keras.losses.MeanSquaredError(reduction="none")

    def aligned_pair():
        import keras
        import torch

        return torch.nn.MSELoss(), keras.losses.MeanSquaredError()


class MseDtype(Divergence):
    """A float64 target fails in the backward pass of torch's Huber loss; Keras casts it.

    NumPy's numbers are float64, so targets that were never cast are.  The squared error has the same promotion and
    works since torch 2.13.
    """

    name, apis = "MSE-DTYPE", ("torch.nn.HuberLoss", "torch.nn.SmoothL1Loss", "keras.losses.Huber")
    words = ("Found dtype Double but expected Float", "float64 target", "backward fails", "NumPy target")
    gap = float("inf")
    raises = {
        "torch": ("RuntimeError", "dtype Double but expected Float|but got Double|Float but got Double|same dtype")
    }
    source = "torch.nn.HuberLoss; keras/src/losses/loss.py, Loss.__call__"
    cure = "target.to(prediction.dtype)"

    def inputs(rng):
        return {"prediction": rng.normal(size=(4, 3)), "target": rng.normal(size=(4, 3))}

    def torch(prediction, target):
        import torch

        prediction.requires_grad_()
        torch.nn.HuberLoss()(
            prediction, target.double() if prediction.dtype == torch.float32 else target.float()
        ).backward()
        return prediction.grad

    def keras(prediction, target):
        import keras
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(prediction)
            loss = keras.losses.Huber()(tf.cast(target, "float64"), prediction)
        return tape.gradient(loss, prediction)

    def aligned_torch(prediction, target):
        import torch

        prediction.requires_grad_()
        torch.nn.HuberLoss()(prediction, target.double().to(prediction.dtype)).backward()
        return prediction.grad


class MseInt(Divergence):
    """The squared error of integers is not implemented in torch; Keras computes it in float32.

    A table of counts and a table of predictions, both int64, come to it in tests more than in trainings.
    """

    name, apis = "MSE-INT", ("torch.nn.MSELoss", "keras.losses.MeanSquaredError")
    words = ("not implemented for 'Long'", "integer target", "mse_cpu", "mean_cpu")
    gap = float("inf")
    raises = {"torch": ("RuntimeError", "Long|floating point")}
    source = "torch.nn.MSELoss; keras/src/losses/loss.py, Loss.__call__"
    cure = "prediction.float()"

    def inputs(rng):
        return {"prediction": rng.integers(9, size=6), "target": rng.integers(9, size=6)}

    def torch(prediction, target):
        import torch

        return torch.nn.MSELoss()(prediction, target)

    def keras(prediction, target):
        import keras

        return keras.losses.MeanSquaredError()(target, prediction)

    def aligned_torch(prediction, target):
        import torch

        return torch.nn.MSELoss()(prediction.float(), target.float())


class MseShape(Divergence):
    """Predictions and targets of different lengths are an error in each, with its own class and words.

    RuntimeError in torch, InvalidArgumentError in TensorFlow, ValueError in NumPy: a test that expects one of them
    breaks in a port.  torch warns of the sizes first.
    """

    name, apis = "MSE-SHAPE", ("torch.nn.MSELoss", "keras.losses.MeanSquaredError", "numpy.subtract")
    words = ("The size of tensor a must match", "Incompatible shapes", "could not be broadcast together")
    gap = float("inf")
    raises = {
        "torch": ("RuntimeError", r"The size of tensor a \(4\) must match the size of tensor b \(3\)"),
        "keras": ("InvalidArgumentError", r"Incompatible shapes|required broadcastable shapes"),
        "numpy": ("ValueError", "could not be broadcast together"),
    }
    warns = {"torch": "Using a target size"}
    source = "torch.nn.MSELoss; keras.losses.MeanSquaredError; NumPy, Broadcasting"
    cure = "check the lengths"
    unaligned = "both refuse it; a test names the class of its framework"

    def inputs(rng):
        return {"prediction": rng.normal(size=4), "target": rng.normal(size=3)}

    def torch(prediction, target):
        import torch

        return torch.nn.MSELoss()(prediction, target)

    def keras(prediction, target):
        import keras

        return keras.losses.MeanSquaredError()(target, prediction)

    def numpy(prediction, target):
        return np.mean((prediction - target) ** 2)


class Huber(Divergence):
    """torch's SmoothL1Loss is Huber's loss divided by its threshold; Keras's Huber is not.

    At a threshold of 1 all are equal (HUBER-ONE), and only there.  beta=2 halves the loss and the gradients.
    """

    name, apis = "HUBER", ("torch.nn.SmoothL1Loss", "torch.nn.HuberLoss", "keras.losses.Huber")
    words = ("smooth l1", "huber", "beta", "delta", "bounding box loss")
    gap = 1
    source = "torch.nn.SmoothL1Loss, Note; keras.losses.Huber"
    cure = "torch.nn.HuberLoss(delta=2)"

    def inputs(rng):
        return {"prediction": rng.normal(0, 3, (4, 3)), "target": rng.normal(0, 3, (4, 3))}

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
        delta = b.get_config()["delta"]
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
        return {"prediction": rng.normal(0, 3, (4, 3)), "target": rng.normal(0, 3, (4, 3))}

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
        return {"prediction": rng.normal(size=(4, 3)), "target": rng.normal(size=(4, 3))}

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
    gap = 0.238
    source = "keras/src/losses/losses.py, convert_binary_labels_to_hinge"
    cure = "2 * truth - 1"

    def inputs(rng):
        return {"z": rng.normal(size=(6, 1)), "truth": np.array([[0], [1], [0], [1], [0], [1]])}

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
    gap = 1.35
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
    gap = 10.1
    source = "torch.nn.BCELoss; keras.losses.Loss"
    cure = "keywords: loss(y_true=y, y_pred=p), loss(input=p, target=y)"

    def inputs(rng):
        return {"p": rng.uniform(0.1, 0.9, (6, 1)), "truth": np.array([[0], [1], [0], [1], [0], [1]])}

    def torch(p, truth):
        import torch

        return torch.nn.BCELoss()(p, truth.to(p.dtype))

    def keras(p, truth):
        import keras

        return keras.losses.BinaryCrossentropy()(p, truth)

    def aligned_keras(p, truth):
        import keras

        return keras.losses.BinaryCrossentropy()(y_true=truth, y_pred=p)
