"""Group normalisation: eps, axis and the number of groups."""

from parity.divergences.entry import Divergence


class GnEps(Divergence):
    """Group normalisation divides by √(var + eps): 1e-5 in torch, 1e-3 in Keras.

    At unit variance outputs differ by 5e-4 (BN-EPS).
    """

    name = "GN-EPS"
    apis = (
        "torch.nn.GroupNorm",
        "torch.nn.InstanceNorm1d",
        "torch.nn.InstanceNorm2d",
        "keras.layers.GroupNormalization",
    )
    words = ("epsilon", "eps", "group norm", "instance norm")
    gap, units = 0.000534, 9.9e3
    source = "torch.nn.GroupNorm, eps; keras.layers.GroupNormalization, epsilon"
    cure = "keras.layers.GroupNormalization(epsilon=1e-5)"

    def inputs(rng):
        return {"x": rng.normal(1, 1, (3, 4, 10))}

    def torch(x):
        import torch

        return torch.nn.GroupNorm(2, 4)(x)

    def keras(x):
        import keras

        return keras.layers.GroupNormalization(2, axis=1)(x)

    def aligned_keras(x):
        import keras

        return keras.layers.GroupNormalization(2, axis=1, epsilon=1e-5)(x)

    def recognise(a, b):
        return a.eps != b.epsilon

    def pair():
        import keras
        import torch

        return torch.nn.GroupNorm(2, 4), keras.layers.GroupNormalization(2, axis=1)

    def aligned_pair():
        import keras
        import torch

        return torch.nn.GroupNorm(2, 4), keras.layers.GroupNormalization(2, axis=1, epsilon=1e-5)


class GnEpsSmall(Divergence):
    """Group normalisation of values that spread by 0.02 comes out at half the size in Keras.

    Keras's eps, 1e-3, is then larger than the variance, 4e-4.
    """

    name, apis = "GN-EPS-SMALL", ("torch.nn.GroupNorm", "keras.layers.GroupNormalization")
    words = ("epsilon", "eps", "group norm", "instance norm", "small variance", "output too small")
    gap, units = 0.487, 1.1e7
    source = "torch.nn.GroupNorm, eps; keras.layers.GroupNormalization, epsilon"
    cure = "keras.layers.GroupNormalization(epsilon=1e-5)"

    def inputs(rng):
        return {"x": rng.normal(0, 0.02, (3, 4, 10))}

    def torch(x):
        import torch

        return torch.nn.GroupNorm(2, 4)(x)

    def keras(x):
        import keras

        return keras.layers.GroupNormalization(2, axis=1)(x)

    def aligned_keras(x):
        import keras

        return keras.layers.GroupNormalization(2, axis=1, epsilon=1e-5)(x)


class GnAxis(Divergence):
    """torch's groups are of axis 1, Keras's of the last.

    A batch (n, channels, time) given to Keras groups the times, without an error (BN-AXIS).
    """

    name, apis = "GN-AXIS", ("torch.nn.GroupNorm", "keras.layers.GroupNormalization")
    words = ("channel axis", "axis=1", "channels first", "group norm")
    gap, units = 0.965, 1.4e7
    source = "keras.layers.GroupNormalization, axis; torch.nn.GroupNorm, Shape"
    cure = "axis=1 in Keras, or channels last"

    def inputs(rng):
        return {"x": rng.normal(size=(3, 4, 10)) + 3 * rng.normal(size=(4, 1))}

    def torch(x):
        import torch

        return torch.nn.GroupNorm(2, 4)(x)

    def keras(x):
        import keras

        return keras.layers.GroupNormalization(2, epsilon=1e-5)(x)

    def aligned_keras(x):
        import keras

        return keras.layers.GroupNormalization(2, axis=1, epsilon=1e-5)(x)


class GnGroups(Divergence):
    """Keras's group normalisation has 32 groups by default; torch asks for the number.

    A layer with fewer channels raises in Keras when it is built, and one with 64 has groups of two.
    """

    name, apis = "GN-GROUPS", ("torch.nn.GroupNorm", "keras.layers.GroupNormalization")
    words = ("groups", "num_groups", "group norm", "Number of groups cannot be more than the number of channels")
    gap = float("inf")
    gives = {"torch": "float32 (3, 4, 10): -0.707, -0.162, -0.736, ...; rms 1"}
    raises = {"keras": ("ValueError", "cannot be more than the number of channels")}
    source = "keras.layers.GroupNormalization, groups; torch.nn.GroupNorm, num_groups"
    cure = "keras.layers.GroupNormalization(groups)"

    def inputs(rng):
        return {"x": rng.normal(size=(3, 4, 10))}

    def torch(x):
        import torch

        return torch.nn.GroupNorm(2, 4)(x)

    def keras(x):
        import keras

        return keras.layers.GroupNormalization(axis=1, epsilon=1e-5)(x)

    def aligned_keras(x):
        import keras

        return keras.layers.GroupNormalization(2, axis=1, epsilon=1e-5)(x)
