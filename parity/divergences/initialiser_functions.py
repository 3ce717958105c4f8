"""Initialisers by themselves: where they cut, and what they draw twice."""

from parity.divergences.entry import Divergence


class InitShared(Divergence):
    """One Keras initialiser object gives every layer the same weights.

    It holds a seed and draws from it anew each time, even where no seed was given.  torch's functions draw from the
    global generator, which advances.  Two layers that start equal stay equal where nothing else tells them apart.
    The value here is the count of weights in which two layers differ.
    """

    name, apis = "INIT-SHARED", ("keras.initializers.GlorotUniform", "torch.nn.init.xavier_uniform_")
    words = ("shared initializer", "identical weights", "symmetry", "same seed", "kernel_initializer object")
    gap = 1.0
    source = "keras/src/initializers/random_initializers.py, RandomInitializer"
    cure = "an initialiser for each layer, or its name as a string"

    def torch():
        import torch

        first = torch.nn.init.xavier_uniform_(torch.empty(64, 64))
        second = torch.nn.init.xavier_uniform_(torch.empty(64, 64))
        return (first != second).sum()

    def keras():
        import keras

        initializer = keras.initializers.GlorotUniform()
        layers = [
            keras.layers.Dense(64, kernel_initializer=initializer)
            for _ in range(2)
        ]  # fmt: skip
        for layer in layers:
            layer.build((None, 64))
        return keras.ops.sum(layers[0].kernel != layers[1].kernel)

    def aligned_keras():
        import keras

        layers = [
            keras.layers.Dense(
                64,
                kernel_initializer=keras.initializers.GlorotUniform(),
            )
            for _ in range(2)
        ]
        for layer in layers:
            layer.build((None, 64))
        return keras.ops.sum(layers[0].kernel != layers[1].kernel)


class InitTrunc(Divergence):
    """torch's truncated normal is cut at ±2, Keras's at two standard deviations.

    With a standard deviation of 0.02 torch cuts nothing.  The value is the count of draws beyond two deviations.
    Keras's draws have 0.88 of the deviation that was asked for.
    """

    name, apis = "INIT-TRUNC", ("torch.nn.init.trunc_normal_", "keras.initializers.TruncatedNormal")
    words = ("truncated normal", "trunc_normal_", "outliers", "vision transformer initialization", "0.02")
    gap = 1.0
    source = "torch.nn.init.trunc_normal_, a and b; keras.initializers.TruncatedNormal"
    cure = "trunc_normal_(w, std=s, a=-2 * s, b=2 * s)"

    def torch():
        import torch

        w = torch.nn.init.trunc_normal_(torch.empty(10000), std=0.02)
        return (w.abs() > 0.04001).sum()

    def keras():
        import keras

        w = keras.initializers.TruncatedNormal(stddev=0.02)((10000,))
        return keras.ops.sum(keras.ops.abs(w) > 0.04001)

    def aligned_torch():
        import torch

        w = torch.nn.init.trunc_normal_(
            torch.empty(10000),
            std=0.02,
            a=-0.04,
            b=0.04,
        )
        return (w.abs() > 0.04001).sum()


class InitHe(Divergence):
    """He's normal initialisation is truncated in Keras and not in torch.

    Keras cuts at two deviations and widens to make up for it, so the standard deviation is the same and the tails are
    not.  The value is the count of draws beyond 2.28 √(2/fan_in), where Keras has none.
    """

    name, apis = "INIT-HE", ("torch.nn.init.kaiming_normal_", "keras.initializers.HeNormal")
    words = ("Kaiming", "He", "kaiming_normal_", "he_normal", "truncated normal", "outliers")
    gap = 1.0
    source = "torch.nn.init.kaiming_normal_; keras/src/initializers/random_initializers.py, VarianceScaling"
    cure = "s = (2 / fan_in) ** 0.5 / 0.8796; torch.nn.init.trunc_normal_(w, std=s, a=-2 * s, b=2 * s)"

    def torch():
        import torch

        w = torch.nn.init.kaiming_normal_(torch.empty(100, 200))
        return (w.abs() > 2.28 * 0.1).sum()

    def keras():
        import keras

        w = keras.initializers.HeNormal()((200, 100))
        return keras.ops.sum(keras.ops.abs(w) > 2.28 * 0.1)

    def aligned_torch():
        import torch

        s = 0.1 / 0.8796
        w = torch.nn.init.trunc_normal_(
            torch.empty(100, 200),
            std=s,
            a=-2 * s,
            b=2 * s,
        )
        return (w.abs() > 2.28 * 0.1).sum()


class InitSeed(Divergence):
    """Two layers that share a seed start equal in Keras, in every shape that they share.

    An integer seed is the whole state of a Keras initialiser.  torch.manual_seed starts a stream, from which the second
    layer draws what follows.  The value is the count of weights in which two layers differ.
    """

    name, apis = "INIT-SEED", ("keras.initializers.GlorotUniform", "torch.manual_seed")
    words = ("seed=0", "same seed", "identical weights", "symmetry", "reproducible initialization")
    gap = 1.0
    source = "keras.initializers.GlorotUniform, seed; torch.manual_seed"
    cure = "a seed for each layer; or keras.random.SeedGenerator, which advances"

    def torch():
        import torch

        torch.manual_seed(0)
        first, second = torch.nn.Linear(64, 64), torch.nn.Linear(64, 64)
        return (first.weight != second.weight).sum()

    def keras():
        import keras

        first = keras.initializers.GlorotUniform(seed=0)((64, 64))
        second = keras.initializers.GlorotUniform(seed=0)((64, 64))
        return keras.ops.sum(first != second)

    def aligned_keras():
        import keras

        seed = keras.random.SeedGenerator(0)
        first = keras.initializers.GlorotUniform(seed=seed)((64, 64))
        second = keras.initializers.GlorotUniform(seed=seed)((64, 64))
        return keras.ops.sum(first != second)
