"""Normalisation: eps, momentum, running statistics and axes."""

from parity.divergences.entry import Divergence


def _inputs(rng):
    return {"x": rng.normal(1, 1, (8, 4))}


class BnEps(Divergence):
    """Batch normalisation divides by √(var + eps), and the frameworks' eps differ by a hundred.

    1e-5 in torch, 1e-3 in Keras.  At unit variance outputs differ by 5e-4; where the inputs spread by 0.01 Keras's come
    out at a third of the size.  Deep networks with small activations show it.
    """

    name = "BN-EPS"
    apis = ("torch.nn.BatchNorm1d", "torch.nn.BatchNorm2d", "torch.nn.BatchNorm3d", "keras.layers.BatchNormalization")
    words = (
        "outputs do not match after conversion",
        "eval output differs",
        "epsilon",
        "eps",
        "batch norm",
        "small variance",
    )
    gap, units = 9.9e-4, 1.6e4
    source = "torch/nn/modules/batchnorm.py; keras/src/layers/normalization/batch_normalization.py"
    cure = "keras.layers.BatchNormalization(epsilon=1e-5)"

    inputs = _inputs

    def torch(x):
        import torch

        return torch.nn.BatchNorm1d(4)(x)

    def keras(x):
        import keras

        return keras.layers.BatchNormalization()(x, training=True)

    def aligned_keras(x):
        import keras

        return keras.layers.BatchNormalization(epsilon=1e-5)(x, training=True)

    def recognise(a, b):
        return a.eps != b.epsilon

    def pair():
        import keras
        import torch

        return torch.nn.BatchNorm1d(4), keras.layers.BatchNormalization()

    def aligned_pair():
        import keras
        import torch

        return torch.nn.BatchNorm1d(4), keras.layers.BatchNormalization(epsilon=1e-5)


class BnOne(Divergence):
    """A batch of one in training is an error in torch; Keras returns the bias.

    The difference from the mean of one value is zero, so Keras's output does not depend on the input, and the moving
    variance shrinks towards zero.  A last batch of one example does it.
    """

    name, apis = "BN-ONE", ("torch.nn.BatchNorm1d", "torch.nn.BatchNorm2d", "keras.layers.BatchNormalization")
    words = ("Expected more than 1 value per channel", "batch size 1", "last batch", "drop_last", "output is zero")
    gap = float("inf")
    gives = {"keras": "float32 [[0, 0, 0, 0]]"}
    raises = {"torch": ("ValueError", "Expected more than 1 value per channel when training")}
    source = "torch/nn/functional.py, _verify_batch_size"
    cure = "drop_last=True; or such a batch in eval mode"

    def inputs(rng):
        return {"x": rng.normal(1, 1, (1, 4))}

    def torch(x):
        import torch

        return torch.nn.BatchNorm1d(4)(x)

    def keras(x):
        import keras

        return keras.layers.BatchNormalization(epsilon=1e-5)(x, training=True)

    def aligned_torch(x):
        import torch

        return torch.nn.BatchNorm1d(4).eval()(x)

    def aligned_keras(x):
        import keras

        return keras.layers.BatchNormalization(epsilon=1e-5)(x, training=False)


class BnAxis(Divergence):
    """torch normalises axis 1, Keras the last.

    A sequence (n, channels, time) given to Keras gets a mean for each time instead of for each channel, and parameters
    to match, without an error.
    """

    name, apis = "BN-AXIS", ("torch.nn.BatchNorm1d", "torch.nn.BatchNorm2d", "keras.layers.BatchNormalization")
    words = ("channel axis", "axis=1", "channels first", "number of parameters", "batch norm")
    gap, units = 1.16, 9.5e6
    source = "keras.layers.BatchNormalization, axis; torch.nn.BatchNorm1d, Shape"
    cure = "axis=1 in Keras, or channels last"

    def inputs(rng):
        return {"x": rng.normal(size=(2, 4, 10)) + 3 * rng.normal(size=(4, 1))}

    def torch(x):
        import torch

        return torch.nn.BatchNorm1d(4)(x)

    def keras(x):
        import keras

        return keras.layers.BatchNormalization(epsilon=1e-5)(x, training=True)

    def aligned_keras(x):
        import keras

        layer = keras.layers.BatchNormalization(axis=1, epsilon=1e-5)
        return layer(x, training=True)


class BnFreeze(Divergence):
    """Frozen parameters still normalise with the batch's statistics in torch, and not in Keras.

    requires_grad=False stops the gradients alone: in train() mode the running statistics go on moving.  Keras's
    trainable=False also puts the layer into inference mode.  A frozen trunk that is fine-tuned drifts.
    """

    name, apis = "BN-FREEZE", ("torch.nn.BatchNorm2d", "torch.nn.Module.eval", "keras.layers.BatchNormalization")
    words = ("freeze", "requires_grad", "trainable=False", "fine-tuning", "transfer learning", "running statistics")
    gap, units = 1.07, 1.8e7
    source = "keras.layers.BatchNormalization, About setting layer.trainable = False; torch.nn.Module.eval"
    cure = "call eval() on the frozen module, after each model.train()"

    inputs = _inputs

    def torch(x):
        import torch

        layer = torch.nn.BatchNorm1d(4).requires_grad_(False)
        return torch.cat([layer(x), layer.running_mean[None]])

    def keras(x):
        import keras

        layer = keras.layers.BatchNormalization(epsilon=1e-5)
        layer.trainable = False
        return keras.ops.concatenate(
            [layer(x, training=True), layer.moving_mean[None]],
        )

    def aligned_torch(x):
        import torch

        layer = torch.nn.BatchNorm1d(4).requires_grad_(False).eval()
        return torch.cat([layer(x), layer.running_mean[None]])
