"""Piecewise activations that people believe to differ, and that do not."""

from parity.divergences.entry import Divergence


def _inputs(rng):
    return {"x": rng.normal(0, 2, 50)}


class ActRelu6(Divergence):
    """relu6 is the same in both.

    min(max(x, 0), 6).
    """

    name, apis = "ACT-RELU6", ("torch.nn.ReLU6", "keras.activations.relu6")
    words = ("relu6", "MobileNet")
    gap, equal = 0, True
    source = "torch.nn.ReLU6; keras.activations.relu6"
    cure = "nothing to align"

    inputs = _inputs

    def torch(x):
        import torch

        return torch.nn.functional.relu6(3 * x)

    def keras(x):
        import keras

        return keras.activations.relu6(3 * x)


class ActHardsigmoid(Divergence):
    """hard_sigmoid is relu6(x + 3) / 6 in both.

    Keras 2 had 0.2 x + 0.5, and answers on the web and converted models still say so.
    """

    name, apis = "ACT-HARDSIGMOID", ("torch.nn.Hardsigmoid", "keras.activations.hard_sigmoid")
    words = ("hard_sigmoid", "0.2 * x + 0.5", "MobileNetV3")
    gap, equal = 0, True
    source = "torch.nn.Hardsigmoid; keras.activations.hard_sigmoid"
    cure = "nothing to align"

    inputs = _inputs

    def torch(x):
        import torch

        return torch.nn.functional.hardsigmoid(x)

    def keras(x):
        import keras

        return keras.activations.hard_sigmoid(x)


class ActHardswish(Divergence):
    """torch's Hardswish is Keras's hard_swish.

    x · relu6(x + 3) / 6; Keras also calls it hard_silu.
    """

    name, apis = "ACT-HARDSWISH", ("torch.nn.Hardswish", "keras.activations.hard_swish")
    words = ("hard_swish", "hard_silu", "MobileNetV3")
    gap, equal = 0, True
    source = "torch.nn.Hardswish; keras.activations.hard_swish"
    cure = "nothing to align"

    inputs = _inputs

    def torch(x):
        import torch

        return torch.nn.functional.hardswish(x)

    def keras(x):
        import keras

        return keras.activations.hard_swish(x)


class ActSoftsign(Divergence):
    """softsign is the same in both.

    x / (1 + |x|).
    """

    name, apis = "ACT-SOFTSIGN", ("torch.nn.Softsign", "keras.activations.softsign")
    words = ("softsign",)
    gap, equal = 0, True
    source = "torch.nn.Softsign; keras.activations.softsign"
    cure = "nothing to align"

    inputs = _inputs

    def torch(x):
        import torch

        return torch.nn.functional.softsign(x)

    def keras(x):
        import keras

        return keras.activations.softsign(x)


class ActSoftshrink(Divergence):
    """soft_shrink has the threshold 0.5 in both.

    It shrinks towards zero by the threshold.
    """

    name, apis = "ACT-SOFTSHRINK", ("torch.nn.Softshrink", "keras.activations.soft_shrink")
    words = ("softshrink", "soft threshold", "lambd")
    gap, equal = 0, True
    source = "torch.nn.Softshrink; keras.activations.soft_shrink"
    cure = "nothing to align"

    inputs = _inputs

    def torch(x):
        import torch

        return torch.nn.functional.softshrink(x)

    def keras(x):
        import keras

        return keras.activations.soft_shrink(x)


class ActHardshrink(Divergence):
    """hard_shrink has the threshold 0.5 in both.

    It sets to zero what is smaller.
    """

    name, apis = "ACT-HARDSHRINK", ("torch.nn.Hardshrink", "keras.activations.hard_shrink")
    words = ("hardshrink", "lambd")
    gap, equal = 0, True
    source = "torch.nn.Hardshrink; keras.activations.hard_shrink"
    cure = "nothing to align"

    inputs = _inputs

    def torch(x):
        import torch

        return torch.nn.functional.hardshrink(x)

    def keras(x):
        import keras

        return keras.activations.hard_shrink(x)
