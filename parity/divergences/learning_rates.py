"""Default learning rates."""

from parity.divergences.entry import Divergence
from parity.divergences.steps import given, keras_steps, torch_steps


def _other_rate(a, b):
    return abs(a.defaults["lr"] - float(b.learning_rate)) > 1e-6 * a.defaults["lr"]  # Keras's is rounded to float32


class OptLrDef(Divergence):
    """SGD's default rate is 0.001 in torch and 0.01 in Keras.

    A comparison with both defaults compares rates, not frameworks.
    """

    name, apis = "OPT-LR-DEF", ("torch.optim.SGD", "keras.optimizers.SGD")
    words = ("default learning rate", "lr", "learning_rate", "trains slower", "SGD differs")
    defaults = ("lr", "learning_rate")
    gap, units = 9.0, 2.4e8
    source = "torch.optim.SGD, lr; keras.optimizers.SGD, learning_rate"
    cure = "give the rate"

    inputs = given

    def torch(w, grads):
        import torch

        return torch_steps(torch.optim.SGD, w, grads)

    def keras(w, grads):
        import keras

        return keras_steps(keras.optimizers.SGD(), w, grads)

    def aligned_torch(w, grads):
        import torch

        return torch_steps(torch.optim.SGD, w, grads, lr=0.01)

    recognise = _other_rate

    def pair():
        import keras
        import torch

        return torch.optim.SGD([torch.zeros(1)]), keras.optimizers.SGD()

    def aligned_pair():
        import keras
        import torch

        return torch.optim.SGD([torch.zeros(1)], lr=0.01), keras.optimizers.SGD()


class OptLrDefAdaptive(Divergence):
    """RMSprop, Adagrad and Adafactor have a default rate of 0.01 in torch, Adamax and NAdam of 0.002; Keras has 0.001.

    The values are the rates, in that order.  Adam's and AdamW's are the same (OPT-LR-DEF-ADAM).
    """

    name = "OPT-LR-DEF-ADAPTIVE"
    apis = (
        "torch.optim.RMSprop", "torch.optim.Adagrad", "torch.optim.Adafactor", "torch.optim.Adamax",
        "torch.optim.NAdam", "keras.optimizers.RMSprop", "keras.optimizers.Adagrad", "keras.optimizers.Adafactor",
        "keras.optimizers.Adamax", "keras.optimizers.Nadam",
    )  # fmt: skip
    words = ("default learning rate", "lr", "learning_rate", "trains slower")
    defaults = ("lr", "learning_rate")
    gap, units = 0.892, 2.6e7
    source = "the optimizers' pages: lr in torch.optim, learning_rate in keras.optimizers"
    cure = "give the rate"

    def torch():
        return _torch_rates(
            ("RMSprop", "Adagrad", "Adafactor", "Adamax", "NAdam"),
        )

    def keras():
        return _keras_rates(
            ("RMSprop", "Adagrad", "Adafactor", "Adamax", "Nadam"),
        )

    def aligned_keras():
        return _keras_rates(
            ("RMSprop", "Adagrad", "Adafactor", "Adamax", "Nadam"),
            (0.01, 0.01, 0.01, 0.002, 0.002),
        )

    recognise = _other_rate

    def pair():
        import keras
        import torch

        return torch.optim.RMSprop([torch.zeros(1)]), keras.optimizers.RMSprop()

    def aligned_pair():
        import keras
        import torch

        return torch.optim.RMSprop([torch.zeros(1)]), keras.optimizers.RMSprop(0.01)


def _torch_rates(names):
    import torch

    made = [getattr(torch.optim, name)([torch.zeros(1)]) for name in names]
    return torch.tensor([optimizer.defaults["lr"] for optimizer in made])


def _keras_rates(names, rates=()):
    import keras

    kinds = [getattr(keras.optimizers, name) for name in names]
    made = [kind() for kind in kinds]
    if rates:
        made = [kind(rate) for kind, rate in zip(kinds, rates)]
    return [float(optimizer.learning_rate) for optimizer in made]


class OptLrDefAdadelta(Divergence):
    """Adadelta's default rate is 1 in torch, the paper's, and 0.001 in Keras.

    With Keras's nearly nothing moves: Adadelta finds its own step size, and a thousandth of it is taken.
    """

    name, apis = "OPT-LR-DEF-ADADELTA", ("torch.optim.Adadelta", "keras.optimizers.Adadelta")
    words = ("default learning rate", "lr", "learning_rate", "does not learn", "Adadelta differs")
    gap, units = 0.999, 2.6e7
    source = "keras.optimizers.Adadelta, learning_rate: to match the exact form in the original paper use 1.0"
    cure = "keras.optimizers.Adadelta(1.0)"

    inputs = given

    def torch(w, grads):
        import torch

        return torch_steps(
            torch.optim.Adadelta,
            w,
            grads,
            rho=0.875,
            eps=2.0**-20,
        )

    def keras(w, grads):
        import keras

        optimizer = keras.optimizers.Adadelta(rho=0.875, epsilon=2.0**-20)
        return keras_steps(optimizer, w, grads)

    def aligned_keras(w, grads):
        import keras

        optimizer = keras.optimizers.Adadelta(1.0, rho=0.875, epsilon=2.0**-20)
        return keras_steps(optimizer, w, grads)

    recognise = _other_rate

    def pair():
        import keras
        import torch

        return torch.optim.Adadelta([torch.zeros(1)]), keras.optimizers.Adadelta()

    def aligned_pair():
        import keras
        import torch

        return torch.optim.Adadelta([torch.zeros(1)]), keras.optimizers.Adadelta(1.0)


class OptLrDefAdam(Divergence):
    """Adam's and AdamW's default rate is 0.001 in torch and Keras.

    So is Muon's.  SGD and the other adaptive optimizers differ (OPT-LR-DEF, OPT-LR-DEF-ADAPTIVE).
    """

    name = "OPT-LR-DEF-ADAM"
    apis = ("torch.optim.Adam", "torch.optim.AdamW", "keras.optimizers.Adam", "keras.optimizers.AdamW")
    words = ("default learning rate", "lr", "learning_rate")
    gap, equal = 0, True
    source = "torch.optim.Adam, lr; keras.optimizers.Adam, learning_rate"
    cure = "nothing to align"

    def torch():
        return _torch_rates(("Adam", "AdamW"))

    def keras():
        return _keras_rates(("Adam", "AdamW"))
