"""Batch normalisation's running statistics: how they are averaged, and of what."""

from parity.divergences.entry import Divergence


def _inputs(rng):
    return {"x": rng.normal(1, 1, (8, 4))}


class BnMom(Divergence):
    """torch's momentum weighs the new value, Keras's the old one.

    torch: running ← (1 - m) running + m batch, m = 0.1.  Keras: moving ← m moving + (1 - m) batch, m = 0.99.  Copied
    as it is, 0.1 forgets everything at each step; left at its default, Keras needs ten times as many steps.
    """

    name, apis = "BN-MOM", ("torch.nn.BatchNorm1d", "torch.nn.BatchNorm2d", "keras.layers.BatchNormalization")
    words = ("momentum", "running mean", "moving average", "eval output differs", "validation loss", "batch norm")
    gap, units = 0.9, 2.5e7
    source = "torch.nn.BatchNorm1d, Note on momentum; keras.layers.BatchNormalization, momentum"
    cure = "momentum_keras = 1 - momentum_torch: 0.9"

    inputs = _inputs

    def torch(x):
        import torch

        layer = torch.nn.BatchNorm1d(4)
        layer(x)
        return layer.running_mean

    def keras(x):
        import keras

        layer = keras.layers.BatchNormalization()
        layer(x, training=True)
        return layer.moving_mean

    def aligned_keras(x):
        import keras

        layer = keras.layers.BatchNormalization(momentum=0.9)
        layer(x, training=True)
        return layer.moving_mean

    def recognise(a, b):
        return a.momentum is None or abs(1 - a.momentum - b.momentum) > 1e-6

    def pair():
        import keras
        import torch

        return torch.nn.BatchNorm1d(4), keras.layers.BatchNormalization()

    def aligned_pair():
        import keras
        import torch

        return torch.nn.BatchNorm1d(4), keras.layers.BatchNormalization(momentum=0.9)


class BnVar(Divergence):
    """torch keeps the unbiased variance for evaluation, Keras the biased one.

    n/(n - 1) times as large, n being the values a channel; both normalise with the biased one in training.  It is seen
    with small batches of vectors, and hardly with images.  Here the running value is that of the batch alone.
    """

    name, apis = "BN-VAR", ("torch.nn.BatchNorm1d", "torch.nn.BatchNorm2d", "keras.layers.BatchNormalization")
    words = ("running variance", "moving variance", "unbiased", "Bessel", "eval output differs", "batch norm")
    gap, units = 1 / 8, 2.7e6
    source = "torch.nn.BatchNorm1d: unbiased estimator; keras/src/layers/normalization/batch_normalization.py, call"
    cure = "multiply the batch's variance by n/(n - 1) as it enters the moving one; there is no switch"

    inputs = _inputs

    def torch(x):
        import torch

        layer = torch.nn.BatchNorm1d(4, momentum=1.0)
        layer(x)
        return layer.running_var

    def keras(x):
        import keras

        layer = keras.layers.BatchNormalization(momentum=0.0)
        layer(x, training=True)
        return layer.moving_variance

    def aligned_keras(x):
        import keras

        n = len(x)
        layer = keras.layers.BatchNormalization(momentum=0.0)
        layer(x, training=True)
        layer.moving_variance.assign(layer.moving_variance * (n / (n - 1)))
        return layer.moving_variance


class BnCum(Divergence):
    """torch's momentum=None averages over all batches alike; Keras has no such mode.

    Its running mean after t batches is the mean of their means, which is what somebody wants who recomputes statistics.
    Keras raises for None.
    """

    name, apis = "BN-CUM", ("torch.nn.BatchNorm1d", "torch.nn.BatchNorm2d", "keras.layers.BatchNormalization")
    words = ("momentum=None", "cumulative average", "recompute statistics", "stochastic weight averaging", "batch norm")
    gap = float("inf")
    arguments = ("momentum",)
    gives = {"torch": "float32 [1.15, 1.05, 1.21, 1.23]"}
    raises = {"keras": ("TypeError", "NoneType")}
    source = "torch.nn.BatchNorm1d, momentum; keras/src/layers/normalization/batch_normalization.py, __init__"
    cure = "layer.momentum = t / (t + 1) before batch t, counted from 0"

    def inputs(rng):
        return {"x": rng.normal(1, 1, (3, 8, 4))}

    def torch(x):
        import torch

        layer = torch.nn.BatchNorm1d(4, momentum=None)
        for batch in x:
            layer(batch)
        return layer.running_mean

    def keras(x):
        import keras

        layer = keras.layers.BatchNormalization(momentum=None)
        for batch in x:
            layer(batch, training=True)
        return layer.moving_mean

    def aligned_keras(x):
        import keras

        layer = keras.layers.BatchNormalization()
        for t, batch in enumerate(x):
            layer.momentum = t / (t + 1)
            layer(batch, training=True)
        return layer.moving_mean


class BnEval(Divergence):
    """Without eval() torch goes on to normalise with the batch; a bare call of Keras's layer uses what was learned.

    Outputs then depend on the other examples of the batch, and the running statistics move while one validates.  Here
    both have the running statistics 0 and 1.
    """

    name, apis = "BN-EVAL", ("torch.nn.BatchNorm1d", "torch.nn.Module.eval", "keras.layers.BatchNormalization")
    words = ("eval() forgotten", "model.eval", "train mode", "depends on the batch", "eval output differs")
    gap, units = 1.08, 1.9e7
    source = "torch.nn.Module.eval; keras.layers.BatchNormalization, Call arguments"
    cure = "model.eval() before inference; training=True in a Keras loop written by hand"

    inputs = _inputs

    def torch(x):
        import torch

        return torch.nn.BatchNorm1d(4)(x)

    def keras(x):
        import keras

        return keras.layers.BatchNormalization(epsilon=1e-5)(x)

    def aligned_torch(x):
        import torch

        return torch.nn.BatchNorm1d(4).eval()(x)
