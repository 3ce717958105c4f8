"""Adagrad and Adadelta: what the accumulator starts from, and where epsilon stands."""

from parity.divergences.entry import Divergence
from parity.divergences.steps import BELOW_ROUNDING, LR, given, keras_steps, torch_steps


class OptAdagradAcc(Divergence):
    """Adagrad's accumulator starts at 0 in torch and at 0.1 in Keras.

    So torch's first step is the rate itself, whatever the gradient; Keras's is shorter, and far shorter for small
    gradients.
    """

    name, apis = "OPT-ADAGRAD-ACC", ("torch.optim.Adagrad", "keras.optimizers.Adagrad")
    words = ("initial_accumulator_value", "accumulator", "first step", "Adagrad differs")
    gap, units = 0.199, 5.6e6
    source = "torch.optim.Adagrad, initial_accumulator_value; keras.optimizers.Adagrad, initial_accumulator_value"
    cure = "keras.optimizers.Adagrad(initial_accumulator_value=0)"

    inputs = given

    def torch(w, grads):
        import torch

        return torch_steps(
            torch.optim.Adagrad,
            w,
            grads,
            lr=LR,
            eps=BELOW_ROUNDING,
        )

    def keras(w, grads):
        import keras

        optimizer = keras.optimizers.Adagrad(LR, epsilon=BELOW_ROUNDING)
        return keras_steps(optimizer, w, grads)

    def aligned_keras(w, grads):
        import keras

        optimizer = keras.optimizers.Adagrad(
            LR,
            initial_accumulator_value=0,
            epsilon=BELOW_ROUNDING,
        )
        return keras_steps(optimizer, w, grads)

    def recognise(a, b):
        return abs(a.defaults["initial_accumulator_value"] - b.initial_accumulator_value) > 1e-9

    def pair():
        import keras
        import torch

        return torch.optim.Adagrad([torch.zeros(1)]), keras.optimizers.Adagrad()

    def aligned_pair():
        import keras
        import torch

        return torch.optim.Adagrad([torch.zeros(1)]), keras.optimizers.Adagrad(initial_accumulator_value=0)


class OptAdagradEps(Divergence):
    """Adagrad's epsilon is outside the square root in torch and inside it in Keras.

    g/(√s + ε) against g/√(s + ε), as in RMSprop (OPT-RMS-EPS).  The defaults differ too, 1e-10 and 1e-7.
    """

    name, apis = "OPT-ADAGRAD-EPS", ("torch.optim.Adagrad", "keras.optimizers.Adagrad")
    words = ("epsilon", "eps", "inside the square root", "small gradients", "Adagrad differs")
    gap, units = 0.538, 1.4e7
    source = "torch/optim/adagrad.py, _single_tensor_adagrad; keras/src/optimizers/adagrad.py, update_step"
    cure = "an epsilon below rounding in both, such as 2**-100"

    def inputs(rng):
        return given(rng, scale=1e-4)

    def torch(w, grads):
        import torch

        return torch_steps(torch.optim.Adagrad, w, grads, lr=LR, eps=1e-7)

    def keras(w, grads):
        import keras

        return keras_steps(
            keras.optimizers.Adagrad(
                LR,
                initial_accumulator_value=0,
                epsilon=1e-7,
            ),
            w,
            grads,
        )

    def aligned_torch(w, grads):
        import torch

        return torch_steps(
            torch.optim.Adagrad,
            w,
            grads,
            lr=LR,
            eps=BELOW_ROUNDING,
        )

    def aligned_keras(w, grads):
        import keras

        optimizer = keras.optimizers.Adagrad(
            LR,
            initial_accumulator_value=0,
            epsilon=BELOW_ROUNDING,
        )
        return keras_steps(optimizer, w, grads)

    def recognise(a, b):
        return max(a.defaults["eps"], b.epsilon) > 1e-20

    def pair():
        import keras
        import torch

        return torch.optim.Adagrad([torch.zeros(1)], eps=1e-7), keras.optimizers.Adagrad()

    def aligned_pair():
        import keras
        import torch

        return torch.optim.Adagrad([torch.zeros(1)], eps=2.0**-100), keras.optimizers.Adagrad(epsilon=2.0**-100)


class OptAdagrad(Divergence):
    """Adagrad is the same in torch and Keras once epsilon and the accumulator are.

    The decay of the rate that torch offers, lr_decay, is zero by default.
    """

    name, apis = "OPT-ADAGRAD", ("torch.optim.Adagrad", "keras.optimizers.Adagrad")
    words = ("lr_decay", "Adagrad formula")
    gap, equal = 0, True
    source = "torch.optim.Adagrad; keras/src/optimizers/adagrad.py, update_step"
    cure = "nothing to align"

    inputs = given

    def torch(w, grads):
        import torch

        return torch_steps(
            torch.optim.Adagrad,
            w,
            grads,
            lr=LR,
            initial_accumulator_value=0.125,
            eps=BELOW_ROUNDING,
        )

    def keras(w, grads):
        import keras

        optimizer = keras.optimizers.Adagrad(
            LR,
            initial_accumulator_value=0.125,
            epsilon=BELOW_ROUNDING,
        )
        return keras_steps(optimizer, w, grads)


class OptAdadelta(Divergence):
    """Adadelta's rho and epsilon are 0.9 and 1e-6 in torch, 0.95 and 1e-7 in Keras.

    Adadelta has no rate of its own: epsilon sets the size of the first steps.  The default rates, 1 and 0.001, make a
    thousandfold difference besides (OPT-LR-DEF-ADADELTA).
    """

    name, apis = "OPT-ADADELTA", ("torch.optim.Adadelta", "keras.optimizers.Adadelta")
    words = ("rho", "epsilon", "eps", "Adadelta differs", "does not learn")
    gap, units = 0.551, 1.5e7
    source = "torch.optim.Adadelta; keras.optimizers.Adadelta"
    cure = "keras.optimizers.Adadelta(1.0, rho=0.9, epsilon=1e-6)"

    inputs = given

    def torch(w, grads):
        import torch

        return torch_steps(torch.optim.Adadelta, w, grads, lr=1.0)

    def keras(w, grads):
        import keras

        return keras_steps(keras.optimizers.Adadelta(1.0), w, grads)

    def aligned_keras(w, grads):
        import keras

        optimizer = keras.optimizers.Adadelta(1.0, rho=0.9, epsilon=1e-6)
        return keras_steps(optimizer, w, grads)

    def recognise(a, b):
        return abs(a.defaults["rho"] - b.rho) > 1e-6 or a.defaults["eps"] != b.epsilon

    def pair():
        import keras
        import torch

        return torch.optim.Adadelta([torch.zeros(1)]), keras.optimizers.Adadelta()

    def aligned_pair():
        import keras
        import torch

        return torch.optim.Adadelta([torch.zeros(1)]), keras.optimizers.Adadelta(1.0, rho=0.9, epsilon=1e-6)


class OptAdadeltaFormula(Divergence):
    """Adadelta has epsilon inside both square roots in torch and in Keras.

    RMSprop and Adagrad differ there (OPT-RMS-EPS), Adadelta does not: with the same rho and epsilon steps are equal.
    """

    name, apis = "OPT-ADADELTA-FORMULA", ("torch.optim.Adadelta", "keras.optimizers.Adadelta")
    words = ("epsilon", "inside the square root", "Adadelta formula")
    gap, equal = 0, True
    source = "torch.optim.Adadelta; keras/src/optimizers/adadelta.py, update_step"
    cure = "nothing to align"

    inputs = given

    def torch(w, grads):
        import torch

        return torch_steps(
            torch.optim.Adadelta,
            w,
            grads,
            lr=1.0,
            rho=0.875,
            eps=2.0**-20,
        )

    def keras(w, grads):
        import keras

        optimizer = keras.optimizers.Adadelta(1.0, rho=0.875, epsilon=2.0**-20)
        return keras_steps(optimizer, w, grads)
