"""Layer normalisation and RMSNorm: eps and variance."""

from parity.divergences.entry import Divergence


class LnEps(Divergence):
    """Layer normalisation divides by √(var + eps): 1e-5 in torch, 1e-3 in Keras.

    At unit variance outputs differ by 5e-4, in each of a transformer's layers (BN-EPS).
    """

    name, apis = "LN-EPS", ("torch.nn.LayerNorm", "keras.layers.LayerNormalization")
    words = ("epsilon", "eps", "layer norm", "transformer differs slightly")
    gap, units = 0.000503, 1e4
    source = "torch.nn.LayerNorm, eps; keras.layers.LayerNormalization, epsilon"
    cure = "keras.layers.LayerNormalization(epsilon=1e-5)"

    def inputs(rng):
        return {"x": rng.normal(0, 1, (8, 256))}

    def torch(x):
        import torch

        return torch.nn.LayerNorm(256)(x)

    def keras(x):
        import keras

        return keras.layers.LayerNormalization()(x)

    def aligned_keras(x):
        import keras

        return keras.layers.LayerNormalization(epsilon=1e-5)(x)

    def recognise(a, b):
        return a.eps != b.epsilon

    def pair():
        import keras
        import torch

        return torch.nn.LayerNorm(256), keras.layers.LayerNormalization()

    def aligned_pair():
        import keras
        import torch

        return torch.nn.LayerNorm(256), keras.layers.LayerNormalization(epsilon=1e-5)


class LnEpsSmall(Divergence):
    """Layer normalisation of values that spread by 0.02 comes out at half the size in Keras.

    Keras's eps, 1e-3, is then larger than the variance, 4e-4.  Embeddings start with such a spread.
    """

    name, apis = "LN-EPS-SMALL", ("torch.nn.LayerNorm", "keras.layers.LayerNormalization")
    words = ("epsilon", "eps", "layer norm", "small variance", "embeddings", "output too small")
    gap, units = 0.456, 9.4e6
    source = "torch.nn.LayerNorm, eps; keras.layers.LayerNormalization, epsilon"
    cure = "keras.layers.LayerNormalization(epsilon=1e-5)"

    def inputs(rng):
        return {"x": rng.normal(0, 0.02, (8, 256))}

    def torch(x):
        import torch

        return torch.nn.LayerNorm(256)(x)

    def keras(x):
        import keras

        return keras.layers.LayerNormalization()(x)

    def aligned_keras(x):
        import keras

        return keras.layers.LayerNormalization(epsilon=1e-5)(x)


class RmsEps(Divergence):
    """RMSNorm's eps is the dtype's own in torch, 1.2e-7 in float32, and 1e-6 in Keras.

    It is added to the mean square.  Where values spread by 0.01 outputs differ by half a percent; in float64 torch's
    is 2e-16, so a change of dtype changes the result.
    """

    name, apis = "RMS-EPS", ("torch.nn.RMSNorm", "keras.layers.RMSNormalization")
    words = ("epsilon", "eps", "rms norm", "llama", "finfo", "small values")
    gap, units = 0.00606, 1.5e5
    source = "torch.nn.RMSNorm, eps; keras.layers.RMSNormalization, epsilon"
    cure = "torch.nn.RMSNorm(n, eps=1e-6)"

    def inputs(rng):
        return {"x": rng.normal(0, 0.01, (8, 16))}

    def torch(x):
        import torch

        return torch.nn.RMSNorm(16)(x)

    def keras(x):
        import keras

        return keras.layers.RMSNormalization()(x)

    def aligned_torch(x):
        import torch

        return torch.nn.RMSNorm(16, eps=1e-6)(x)

    def recognise(a, b):
        return a.eps != b.epsilon

    def pair():
        import keras
        import torch

        return torch.nn.RMSNorm(16), keras.layers.RMSNormalization()

    def aligned_pair():
        import keras
        import torch

        return torch.nn.RMSNorm(16, eps=1e-6), keras.layers.RMSNormalization()


class LnVar(Divergence):
    """Layer normalisation divides by the biased variance in torch and Keras.

    The unbiased one, which torch.Tensor.std takes by default, makes a normalisation written by hand differ from both.
    """

    name, apis = "LN-VAR", ("torch.nn.LayerNorm", "keras.layers.LayerNormalization")
    words = ("biased variance", "unbiased", "Bessel", "layer norm by hand")
    gap, equal = 0, True
    source = "torch.nn.LayerNorm: biased estimator; keras/src/layers/normalization/layer_normalization.py"
    cure = "nothing to align"

    def inputs(rng):
        return {"x": rng.normal(1, 1, (8, 4))}

    def torch(x):
        import torch

        return torch.nn.LayerNorm(4)(x)

    def keras(x):
        import keras

        return keras.layers.LayerNormalization(epsilon=1e-5)(x)
