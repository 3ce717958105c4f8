"""What Keras's optimizers keep in float32, in float64 models too."""

from parity.divergences.entry import Divergence
from parity.divergences.steps import BELOW_ROUNDING, BETAS, LR, MOMENTUM, given, keras_steps, torch_steps


class OptAdamF32beta(Divergence):
    """Keras rounds Adam's betas to float32 before it takes 1 - βᵗ, in float64 models too.

    1 - 0.999 loses the leading digits: it is 1.3e-5 off, and every early update is off by half of that.  float64 does
    not help, nor does keras.config.set_floatx("float64").
    """

    name, apis = "OPT-ADAM-F32BETA", ("keras.optimizers.Adam", "torch.optim.Adam")
    words = ("float64 optimizer", "beta_2", "0.999", "double precision", "Adam differs slightly")
    dtype, gap = "float64", 6.6e-6
    source = "keras/src/optimizers/adam.py, update_step: ops.cast(self.beta_2)"
    cure = "betas that float32 holds exactly: 0.875, 1 - 2**-10"

    inputs = given

    def torch(w, grads):
        import torch

        return torch_steps(torch.optim.Adam, w, grads, lr=LR, betas=(0.9, 0.999), eps=BELOW_ROUNDING)

    def keras(w, grads):
        import keras

        return keras_steps(keras.optimizers.Adam(LR, 0.9, 0.999, epsilon=BELOW_ROUNDING), w, grads)

    def aligned_torch(w, grads):
        import torch

        return torch_steps(torch.optim.Adam, w, grads, lr=LR, betas=BETAS, eps=BELOW_ROUNDING)

    def aligned_keras(w, grads):
        import keras

        return keras_steps(keras.optimizers.Adam(LR, *BETAS, epsilon=BELOW_ROUNDING), w, grads)


class OptF64Lr(Divergence):
    """Keras keeps the learning rate in float32, also for float64 weights.

    0.1 is 1.5e-8 off, and so is every step.  A float64 comparison ends there.
    """

    name, apis = "OPT-F64-LR", ("keras.optimizers.Optimizer", "torch.optim.SGD")
    words = ("float64 learning rate", "double precision", "floatx", "differs by 1e-8")
    dtype, gap = "float64", 1.5e-8
    source = "keras/src/optimizers/base_optimizer.py, __init__: learning_rate"
    cure = 'a power of two; or keras.config.set_floatx("float64") for the whole run'

    inputs = given

    def torch(w, grads):
        import torch

        return torch_steps(torch.optim.SGD, w, grads, lr=0.1)

    def keras(w, grads):
        import keras

        return keras_steps(keras.optimizers.SGD(0.1), w, grads)

    def aligned_torch(w, grads):
        import torch

        return torch_steps(torch.optim.SGD, w, grads, lr=0.125)

    def aligned_keras(w, grads):
        import keras

        return keras_steps(keras.optimizers.SGD(0.125), w, grads)


class OptF64Mom(Divergence):
    """Keras takes the momentum through float32, also for float64 weights.

    0.9 is 2.6e-8 off, and the error adds up along the buffer.  keras.config.set_floatx("float64") does not help.
    """

    name, apis = "OPT-F64-MOM", ("keras.optimizers.SGD", "torch.optim.SGD")
    words = ("float64 momentum", "double precision", "differs by 1e-7")
    dtype, gap = "float64", 5.9e-8
    source = "keras/src/optimizers/sgd.py, update_step: ops.cast(self.momentum)"
    cure = "a momentum that float32 holds exactly: 0.875"

    inputs = given

    def torch(w, grads):
        import torch

        return torch_steps(torch.optim.SGD, w, grads, lr=0.125, momentum=0.9)

    def keras(w, grads):
        import keras

        return keras_steps(keras.optimizers.SGD(0.125, momentum=0.9), w, grads)

    def aligned_torch(w, grads):
        import torch

        return torch_steps(torch.optim.SGD, w, grads, lr=0.125, momentum=MOMENTUM)

    def aligned_keras(w, grads):
        import keras

        return keras_steps(keras.optimizers.SGD(0.125, momentum=MOMENTUM), w, grads)
