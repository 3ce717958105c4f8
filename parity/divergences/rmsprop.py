"""RMSprop: smoothing, where epsilon stands, and its momentum."""

from parity.divergences.entry import Divergence
from parity.divergences.steps import (
    BELOW_ROUNDING,
    LR,
    given,
    keras_steps,
    keras_steps_at_two_rates,
    torch_steps,
    torch_steps_at_two_rates,
)


class OptRmsRho(Divergence):
    """RMSprop smooths over a hundred steps in torch, over ten in Keras.

    alpha = 0.99 against rho = 0.9.  The average starts at zero and is not corrected, so torch's first steps are three
    times as long.
    """

    name, apis = "OPT-RMS-RHO", ("torch.optim.RMSprop", "keras.optimizers.RMSprop")
    words = ("rho", "alpha", "smoothing", "decay", "RMSprop differs")
    gap, units = 0.664, 1.9e7
    source = "torch.optim.RMSprop, alpha; keras.optimizers.RMSprop, rho"
    cure = "torch.optim.RMSprop(alpha=0.9), or keras.optimizers.RMSprop(rho=0.99)"

    inputs = given

    def torch(w, grads):
        import torch

        return torch_steps(
            torch.optim.RMSprop,
            w,
            grads,
            lr=LR,
            eps=BELOW_ROUNDING,
        )

    def keras(w, grads):
        import keras

        optimizer = keras.optimizers.RMSprop(LR, epsilon=BELOW_ROUNDING)
        return keras_steps(optimizer, w, grads)

    def aligned_torch(w, grads):
        import torch

        return torch_steps(
            torch.optim.RMSprop,
            w,
            grads,
            lr=LR,
            alpha=0.9,
            eps=BELOW_ROUNDING,
        )

    def recognise(a, b):
        return abs(a.defaults["alpha"] - b.rho) > 1e-6

    def pair():
        import keras
        import torch

        return torch.optim.RMSprop([torch.zeros(1)]), keras.optimizers.RMSprop()

    def aligned_pair():
        import keras
        import torch

        return torch.optim.RMSprop([torch.zeros(1)], alpha=0.9), keras.optimizers.RMSprop()


class OptRmsEps(Divergence):
    """RMSprop's epsilon is outside the square root in torch and inside it in Keras.

    g/(√v + ε) against g/√(v + ε): inside, 1e-7 counts like 3e-4.  With gradients of 1e-6 Keras's steps are a thousandth
    of torch's.  The defaults differ too, 1e-8 and 1e-7.
    """

    name, apis = "OPT-RMS-EPS", ("torch.optim.RMSprop", "keras.optimizers.RMSprop")
    words = ("epsilon", "eps", "inside the square root", "small gradients", "RMSpropTF", "RMSprop differs")
    gap, units = 0.998, 2.8e7
    source = "torch.optim.RMSprop, Note on TensorFlow; keras/src/optimizers/rmsprop.py, update_step"
    cure = "an epsilon below rounding in both, such as 2**-100; or timm's RMSpropTF"

    def inputs(rng):
        return given(rng, scale=1e-6)

    def torch(w, grads):
        import torch

        return torch_steps(
            torch.optim.RMSprop,
            w,
            grads,
            lr=LR,
            alpha=0.9,
            eps=1e-7,
        )

    def keras(w, grads):
        import keras

        optimizer = keras.optimizers.RMSprop(LR, rho=0.9, epsilon=1e-7)
        return keras_steps(optimizer, w, grads)

    def aligned_torch(w, grads):
        import torch

        return torch_steps(
            torch.optim.RMSprop,
            w,
            grads,
            lr=LR,
            alpha=0.9,
            eps=BELOW_ROUNDING,
        )

    def aligned_keras(w, grads):
        import keras

        return keras_steps(
            keras.optimizers.RMSprop(LR, rho=0.9, epsilon=BELOW_ROUNDING),
            w,
            grads,
        )

    def recognise(a, b):
        return max(a.defaults["eps"], b.epsilon) > 1e-20

    def pair():
        import keras
        import torch

        return torch.optim.RMSprop([torch.zeros(1)], eps=1e-7), keras.optimizers.RMSprop()

    def aligned_pair():
        import keras
        import torch

        return torch.optim.RMSprop([torch.zeros(1)], eps=2.0**-100), keras.optimizers.RMSprop(epsilon=2.0**-100)


class OptRmsLr(Divergence):
    """RMSprop's momentum too goes on with the old rate in Keras after the rate has changed.

    The buffer is without the rate in torch and with it in Keras, as SGD's (OPT-SGD-LRCHANGE).
    """

    name, apis = "OPT-RMS-LR", ("torch.optim.RMSprop", "keras.optimizers.RMSprop")
    words = ("momentum", "learning rate schedule", "learning rate change")
    gap, units = 0.754, 2.2e7
    arguments = ("momentum",)
    source = "torch/optim/rmsprop.py, _single_tensor_rmsprop; keras/src/optimizers/rmsprop.py, update_step"
    cure = "at a change of rate multiply Keras's momenta by lr_new / lr_old"

    inputs = given

    def torch(w, grads):
        import torch

        options = {
            "lr": LR,
            "alpha": 0.9,
            "eps": BELOW_ROUNDING,
            "momentum": 0.9,
        }
        return torch_steps_at_two_rates(
            torch.optim.RMSprop,
            w,
            grads,
            **options,
        )

    def keras(w, grads):
        import keras

        optimizer = keras.optimizers.RMSprop(
            LR,
            rho=0.9,
            epsilon=BELOW_ROUNDING,
            momentum=0.9,
        )
        return keras_steps_at_two_rates(optimizer, w, grads)

    def aligned_keras(w, grads):
        import keras

        optimizer = keras.optimizers.RMSprop(
            LR,
            rho=0.9,
            epsilon=BELOW_ROUNDING,
            momentum=0.9,
        )
        return keras_steps_at_two_rates(optimizer, w, grads, rescale=True)


class OptRmsprop(Divergence):
    """RMSprop, centred and with momentum, is the same in torch and Keras once epsilon is below rounding.

    The rate is constant and the smoothing the same; nothing else is different.
    """

    name, apis = "OPT-RMSPROP", ("torch.optim.RMSprop", "keras.optimizers.RMSprop")
    words = ("centered", "momentum", "RMSprop formula")
    gap, equal = 0, True
    source = "torch.optim.RMSprop; keras/src/optimizers/rmsprop.py, update_step"
    cure = "nothing to align"

    inputs = given

    def torch(w, grads):
        import torch

        options = {
            "lr": LR,
            "alpha": 0.875,
            "eps": BELOW_ROUNDING,
            "momentum": 0.875,
            "centered": True,
        }
        return torch_steps(torch.optim.RMSprop, w, grads, **options)

    def keras(w, grads):
        import keras

        options = {
            "rho": 0.875,
            "epsilon": BELOW_ROUNDING,
            "momentum": 0.875,
            "centered": True,
        }
        return keras_steps(keras.optimizers.RMSprop(LR, **options), w, grads)
