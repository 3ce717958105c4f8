"""The squared error: shapes and reductions."""

import numpy as np

from parity.divergences.entry import Divergence


class MseBcast(Divergence):
    """The squared error of (n, 1) and (n,) is the mean over n² pairs in torch and NumPy; Keras makes them one shape.

    torch warns, NumPy does not.  The loss falls to the variance of the targets and no further, since the best
    prediction for all pairs is their mean.
    """

    name, apis = "MSE-BCAST", ("torch.nn.MSELoss", "torch.nn.functional.mse_loss", "keras.losses.MeanSquaredError")
    words = ("broadcast", "Using a target size that is different", "loss does not fall", "predicts the mean", "squeeze")
    gap, units = 0.27, 6.3e6
    warns = {"torch": "Using a target size"}
    source = "torch/nn/functional.py, mse_loss; keras/src/losses/loss.py, squeeze_or_expand_to_same_rank"
    cure = "make the shapes equal: target.unsqueeze(1)"

    def inputs(rng):
        return {
            "prediction": rng.normal(size=(6, 1)),
            "target": rng.normal(size=6),
        }

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
    gap, units = 0.667, 1.4e7
    arguments = ("reduction",)
    source = "torch.nn.MSELoss, reduction; keras/src/losses/losses.py, mean_squared_error"
    cure = "multiply Keras's sum by the length of the last axis"

    def inputs(rng):
        return {
            "prediction": rng.normal(size=(4, 3)),
            "target": rng.normal(size=(4, 3)),
        }

    def torch(prediction, target):
        import torch

        return torch.nn.MSELoss(reduction="sum")(prediction, target)

    def keras(prediction, target):
        import keras

        loss = keras.losses.MeanSquaredError(reduction="sum")
        return loss(target, prediction)

    def aligned_keras(prediction, target):
        import keras

        return 3 * keras.losses.MeanSquaredError(reduction="sum")(
            target,
            prediction,
        )

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
    arguments = ("reduction",)
    gives = {
        "torch": "float32 (4, 3): 0.933, 0.447, 0.116, ...; rms 2.19",
        "keras": "float32 [0.499, 1.36, 0.501, 3.2]",
    }
    source = "torch.nn.MSELoss, reduction; keras.losses.MeanSquaredError"
    cure = "loss.mean(-1) in torch; a last axis of length one, target[..., None], in Keras"

    def inputs(rng):
        return {
            "prediction": rng.normal(size=(4, 3)),
            "target": rng.normal(size=(4, 3)),
        }

    def torch(prediction, target):
        import torch

        return torch.nn.MSELoss(reduction="none")(prediction, target)

    def keras(prediction, target):
        import keras

        loss = keras.losses.MeanSquaredError(reduction="none")
        return loss(target, prediction)

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
