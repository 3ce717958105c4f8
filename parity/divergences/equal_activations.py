"""Smooth activations that people believe to differ, and that do not."""

from parity.divergences.entry import Divergence


def _inputs(rng):
    return {"x": rng.normal(0, 2, 50)}


class ActElu(Divergence):
    """ELU is one function with one default, alpha = 1, in both.

    exp(x) - 1 below zero.  Its slope at zero is 1 in both (GRAD-ELU0).
    """

    name, apis = "ACT-ELU", ("torch.nn.ELU", "keras.activations.elu")
    words = ("elu", "alpha")
    gap, equal = 0, True
    source = "torch.nn.ELU; keras.activations.elu"
    cure = "nothing to align"

    inputs = _inputs

    def torch(x):
        import torch

        return torch.nn.functional.elu(x)

    def keras(x):
        import keras

        return keras.activations.elu(x)


class ActSelu(Divergence):
    """SELU has the paper's two constants in both.

    1.0507 and 1.6733.  At zero the slopes differ (GRAD-SELU0).
    """

    name, apis = "ACT-SELU", ("torch.nn.SELU", "keras.activations.selu")
    words = ("selu", "self-normalising")
    gap, equal = 0, True
    source = "torch.nn.SELU; keras.activations.selu"
    cure = "nothing to align"

    inputs = _inputs

    def torch(x):
        import torch

        return torch.nn.functional.selu(x)

    def keras(x):
        import keras

        return keras.activations.selu(x)


class ActSilu(Divergence):
    """torch's SiLU is Keras's silu, which is also called swish.

    x · sigmoid(x), without a parameter.
    """

    name, apis = "ACT-SILU", ("torch.nn.SiLU", "keras.activations.silu")
    words = ("silu", "swish")
    gap, equal = 0, True
    source = "torch.nn.SiLU; keras.activations.silu"
    cure = "nothing to align"

    inputs = _inputs

    def torch(x):
        import torch

        return torch.nn.functional.silu(x)

    def keras(x):
        import keras

        return keras.activations.silu(x)


class ActMish(Divergence):
    """Mish is the same in both.

    x · tanh(softplus(x)).
    """

    name, apis = "ACT-MISH", ("torch.nn.Mish", "keras.activations.mish")
    words = ("mish",)
    gap, equal = 0, True
    source = "torch.nn.Mish; keras.activations.mish"
    cure = "nothing to align"

    inputs = _inputs

    def torch(x):
        import torch

        return torch.nn.functional.mish(x)

    def keras(x):
        import keras

        return keras.activations.mish(x)


class ActSoftplusF32(Divergence):
    """torch's threshold in softplus is invisible in float32.

    Above 20 the function is its argument, to float32's last digit; in float64 it is not (ACT-SOFTPLUS).
    """

    name, apis = "ACT-SOFTPLUS-F32", ("torch.nn.Softplus", "keras.activations.softplus")
    words = ("softplus", "threshold")
    gap, equal = 0, True
    source = "torch.nn.Softplus; keras.activations.softplus"
    cure = "nothing to align"

    inputs = _inputs

    def torch(x):
        import torch

        return torch.nn.functional.softplus(10 * x)

    def keras(x):
        import keras

        return keras.activations.softplus(10 * x)


class ActLogsoftmax(Divergence):
    """log_softmax is the same in both, along the same axis.

    Both subtract the maximum first, so logits of 1000 are no trouble.
    """

    name, apis = "ACT-LOGSOFTMAX", ("torch.nn.functional.log_softmax", "keras.ops.log_softmax")
    words = ("log_softmax", "overflow", "large logits")
    gap, equal = 0, True
    source = "torch.nn.functional.log_softmax; keras.ops.log_softmax"
    cure = "nothing to align"

    inputs = _inputs

    def torch(x):
        import torch

        return torch.log_softmax(1000 * x, dim=-1)

    def keras(x):
        import keras

        return keras.ops.log_softmax(1000 * x)
