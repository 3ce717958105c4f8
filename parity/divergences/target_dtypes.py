"""Losses whose targets have another dtype."""

from parity.divergences.entry import Divergence


class MseDtype(Divergence):
    """A float64 target fails in the backward pass of torch's Huber loss; Keras casts it.

    NumPy's numbers are float64, so targets that were never cast are.  The squared error has the same promotion and
    works since torch 2.13.
    """

    name, apis = "MSE-DTYPE", ("torch.nn.HuberLoss", "torch.nn.SmoothL1Loss", "keras.losses.Huber")
    words = ("Found dtype Double but expected Float", "float64 target", "backward fails", "NumPy target")
    gap = float("inf")
    gives = {"keras": "float32 (4, 3): -0.0168, 0.0122, -0.0644, ...; rms 0.0459"}
    raises = {
        "torch": ("RuntimeError", "dtype Double but expected Float|but got Double|Float but got Double|same dtype")
    }
    source = "torch.nn.HuberLoss; keras/src/losses/loss.py, Loss.__call__"
    cure = "target.to(prediction.dtype)"

    def inputs(rng):
        return {
            "prediction": rng.normal(size=(4, 3)),
            "target": rng.normal(size=(4, 3)),
        }

    def torch(prediction, target):
        import torch

        prediction.requires_grad_()
        single = prediction.dtype == torch.float32
        other = target.double() if single else target.float()
        torch.nn.HuberLoss()(prediction, other).backward()
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
        torch.nn.HuberLoss()(
            prediction,
            target.double().to(prediction.dtype),
        ).backward()
        return prediction.grad


class MseInt(Divergence):
    """The squared error of integers is not implemented in torch; Keras computes it in float32.

    A table of counts and a table of predictions, both int64, come to it in tests more than in trainings.
    """

    name, apis = "MSE-INT", ("torch.nn.MSELoss", "keras.losses.MeanSquaredError")
    words = ("not implemented for 'Long'", "integer target", "mse_cpu", "mean_cpu")
    gap = float("inf")
    gives = {"keras": "float32 5.33"}
    raises = {"torch": ("RuntimeError", "Long|floating point")}
    source = "torch.nn.MSELoss; keras/src/losses/loss.py, Loss.__call__"
    cure = "prediction.float()"

    def inputs(rng):
        return {
            "prediction": rng.integers(9, size=6),
            "target": rng.integers(9, size=6),
        }

    def torch(prediction, target):
        import torch

        return torch.nn.MSELoss()(prediction, target)

    def keras(prediction, target):
        import keras

        return keras.losses.MeanSquaredError()(target, prediction)

    def aligned_torch(prediction, target):
        import torch

        return torch.nn.MSELoss()(prediction.float(), target.float())


class MseF64(Divergence):
    """A float64 target no longer breaks the backward pass of torch's squared error.

    torch 2.13 promotes and casts the gradient back; older versions raised.  Huber's loss still does (MSE-DTYPE).
    """

    name, apis = "MSE-F64", ("torch.nn.MSELoss", "keras.losses.MeanSquaredError")
    words = ("float64 target", "Found dtype Double but expected Float", "backward fails", "NumPy target")
    gap, equal = 0, True
    source = "torch.nn.MSELoss"
    cure = "nothing to align since torch 2.13"

    def inputs(rng):
        return {
            "prediction": rng.normal(size=(4, 3)),
            "target": rng.normal(size=(4, 3)),
        }

    def torch(prediction, target):
        import torch

        prediction.requires_grad_()
        torch.nn.MSELoss()(prediction, target.double()).backward()
        return prediction.grad

    def keras(prediction, target):
        import keras
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(prediction)
            loss = keras.losses.MeanSquaredError()(
                tf.cast(target, "float64"),
                prediction,
            )
        return tape.gradient(loss, prediction)
