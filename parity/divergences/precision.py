"""Precision that is lost without a word."""

from parity.divergences.entry import Divergence


class DtLossf32(Divergence):
    """A Keras loss computes in float32 whatever it is given, unless its dtype says otherwise.

    The default is keras.config.floatx().  torch computes in the dtype of its arguments.  A check of gradients in
    float64 fails at 1e-8 without an error anywhere.
    """

    name, apis = "DT-LOSSF32", ("torch.nn.MSELoss", "keras.losses.MeanSquaredError", "keras.losses.Loss")
    words = ("float64 loss", "double precision", "loss dtype", "floatx", "gradient check fails")
    dtype, gap, units = "float64", 1.3e-8, 2e8
    source = "keras/src/losses/loss.py, Loss.__init__"
    cure = 'keras.losses.MeanSquaredError(dtype="float64")'

    def inputs(rng):
        return {
            "prediction": rng.normal(size=(16, 3)),
            "target": rng.normal(size=(16, 3)),
        }

    def torch(prediction, target):
        import torch

        return torch.nn.MSELoss()(prediction, target)

    def keras(prediction, target):
        import keras

        return keras.losses.MeanSquaredError()(target, prediction)

    def aligned_keras(prediction, target):
        import keras

        loss = keras.losses.MeanSquaredError(dtype="float64")
        return loss(target, prediction)
