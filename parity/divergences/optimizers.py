"""Optimizers: one weight that starts at zero, and given gradients; the value is how far it moved."""

import numpy as np

from parity.divergences.entry import Divergence

LR, MOMENTUM, BETAS = 2.0**-10, 0.875, (0.875, 1 - 2.0**-10)  # held exactly by float32
BELOW_ROUNDING = 2.0**-100


def _inputs(rng, scale=1.0):
    return {"w": np.zeros(4), "grads": scale * rng.normal(0.5, 1, (10, 4))}


def _torch(optimizer, w, grads, **options):
    """Where ten steps of a torch optimizer take the weight."""
    import torch

    w = torch.nn.Parameter(w)
    optimizer = optimizer([w], **options)
    for grad in grads:
        w.grad = grad
        optimizer.step()
    return w


def _keras(optimizer, w, grads):
    """Where ten steps of a Keras optimizer take the weight."""
    import keras

    w = keras.Variable(w, dtype=w.dtype.name)
    for grad in grads:
        optimizer.apply([grad], [w])
    return w


class OptSgdLrchange(Divergence):
    """torch's momentum buffer holds gradients, Keras's holds gradients times the rate of their time.

    v ← μv + g, w ← w - lr v against v ← μv - lr g, w ← w + v.  At a constant rate they are equal.  When a schedule
    lowers the rate, Keras goes on with the old, larger steps for some 1/(1 - μ) updates.
    """

    name, apis = "OPT-SGD-LRCHANGE", ("torch.optim.SGD", "keras.optimizers.SGD")
    words = ("momentum", "learning rate schedule", "learning rate change", "velocity", "warm-up", "Nesterov")
    gap = 0.71
    source = "torch.optim.SGD, Note on Sutskever et al.; keras/src/optimizers/sgd.py, update_step"
    cure = "at a change of rate multiply Keras's momenta by lr_new / lr_old"

    inputs = _inputs

    def torch(w, grads):
        import torch

        w = torch.nn.Parameter(w)
        optimizer = torch.optim.SGD([w], lr=0.125, momentum=MOMENTUM)
        scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 5, gamma=0.125)
        for grad in grads:
            w.grad = grad
            optimizer.step()
            scheduler.step()
        return w

    def keras(w, grads):
        import keras

        w = keras.Variable(w, dtype=w.dtype.name)
        optimizer = keras.optimizers.SGD(0.125, momentum=MOMENTUM)
        for step, grad in enumerate(grads):
            if step == 5:
                optimizer.learning_rate = 0.125**2
            optimizer.apply([grad], [w])
        return w

    def aligned_keras(w, grads):
        import keras

        w = keras.Variable(w, dtype=w.dtype.name)
        optimizer = keras.optimizers.SGD(0.125, momentum=MOMENTUM)
        for step, grad in enumerate(grads):
            if step == 5:
                optimizer.learning_rate = 0.125**2
                for v in optimizer.momentums:
                    v.assign(v * 0.125)
            optimizer.apply([grad], [w])
        return w


class OptAdamEps(Divergence):
    """Adam's default epsilon is 1e-8 in torch and 1e-7 in Keras.

    It is invisible while gradients are near 1.  Where they are 1e-6, as at the end of a training or far from the loss,
    Keras's steps are a fraction of torch's.  Its place differs too (OPT-ADAM-EPSHAT).
    """

    name, apis = "OPT-ADAM-EPS", ("torch.optim.Adam", "torch.optim.AdamW", "keras.optimizers.Adam")
    words = ("epsilon", "eps", "small gradients", "Adam differs", "trains slower")
    gap = 0.59
    source = "torch.optim.Adam, eps; keras/src/optimizers/adam.py"
    cure = "the same epsilon in both; below rounding, such as 2**-100, its place does not matter either"

    def inputs(rng):
        return _inputs(rng, scale=1e-6)

    def torch(w, grads):
        import torch

        return _torch(torch.optim.Adam, w, grads, lr=LR, betas=BETAS)

    def keras(w, grads):
        import keras

        return _keras(keras.optimizers.Adam(LR, *BETAS), w, grads)

    def aligned_torch(w, grads):
        import torch

        return _torch(torch.optim.Adam, w, grads, lr=LR, betas=BETAS, eps=BELOW_ROUNDING)

    def aligned_keras(w, grads):
        import keras

        return _keras(keras.optimizers.Adam(LR, *BETAS, epsilon=BELOW_ROUNDING), w, grads)

    def recognise(a, b):
        return a.defaults["eps"] != b.epsilon

    def pair():
        import keras
        import torch

        return torch.optim.Adam([torch.zeros(1)]), keras.optimizers.Adam()

    def aligned_pair():
        import keras
        import torch

        return torch.optim.Adam([torch.zeros(1)]), keras.optimizers.Adam(epsilon=1e-8)


class OptAdamEpshat(Divergence):
    """torch adds Adam's epsilon after the bias correction, Keras before it.

    lr √(1 - β₂ᵗ)/(1 - β₁ᵗ) · m/(√v + ε̂) is Keras's form, the paper's ε̂; torch's m̂/(√v̂ + ε) is the same with
    ε̂ = ε √(1 - β₂ᵗ).  So at first Keras's epsilon counts for thirty times as much, and no constant makes up for it.
    """

    name, apis = "OPT-ADAM-EPSHAT", ("torch.optim.Adam", "keras.optimizers.Adam")
    words = ("epsilon hat", "bias correction", "Adam differs", "first steps", "small gradients")
    gap = 0.165
    source = "Kingma and Ba 2015, section 2; keras/src/optimizers/adam.py; torch/optim/adam.py"
    cure = "optimizer.epsilon = eps * sqrt(1 - beta_2**t) before each step; or an epsilon below rounding"

    def inputs(rng):
        return _inputs(rng, scale=1e-6)

    def torch(w, grads):
        import torch

        return _torch(torch.optim.Adam, w, grads, lr=LR, betas=BETAS, eps=1e-8)

    def keras(w, grads):
        import keras

        return _keras(keras.optimizers.Adam(LR, *BETAS, epsilon=1e-8), w, grads)

    def aligned_keras(w, grads):
        import keras

        w = keras.Variable(w, dtype=w.dtype.name)
        optimizer = keras.optimizers.Adam(LR, *BETAS)
        for t, grad in enumerate(grads, 1):
            optimizer.epsilon = 1e-8 * (1 - BETAS[1] ** t) ** 0.5
            optimizer.apply([grad], [w])
        return w


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

    inputs = _inputs

    def torch(w, grads):
        import torch

        return _torch(torch.optim.Adam, w, grads, lr=LR, betas=(0.9, 0.999), eps=BELOW_ROUNDING)

    def keras(w, grads):
        import keras

        return _keras(keras.optimizers.Adam(LR, 0.9, 0.999, epsilon=BELOW_ROUNDING), w, grads)

    def aligned_torch(w, grads):
        import torch

        return _torch(torch.optim.Adam, w, grads, lr=LR, betas=BETAS, eps=BELOW_ROUNDING)

    def aligned_keras(w, grads):
        import keras

        return _keras(keras.optimizers.Adam(LR, *BETAS, epsilon=BELOW_ROUNDING), w, grads)


class OptF64Lr(Divergence):
    """Keras keeps the learning rate in float32, also for float64 weights.

    0.1 is 1.5e-8 off, and so is every step.  A float64 comparison ends there.
    """

    name, apis = "OPT-F64-LR", ("keras.optimizers.Optimizer", "torch.optim.SGD")
    words = ("float64 learning rate", "double precision", "floatx", "differs by 1e-8")
    dtype, gap = "float64", 1.5e-8
    source = "keras/src/optimizers/base_optimizer.py, __init__: learning_rate"
    cure = 'a power of two; or keras.config.set_floatx("float64") for the whole run'

    inputs = _inputs

    def torch(w, grads):
        import torch

        return _torch(torch.optim.SGD, w, grads, lr=0.1)

    def keras(w, grads):
        import keras

        return _keras(keras.optimizers.SGD(0.1), w, grads)

    def aligned_torch(w, grads):
        import torch

        return _torch(torch.optim.SGD, w, grads, lr=0.125)

    def aligned_keras(w, grads):
        import keras

        return _keras(keras.optimizers.SGD(0.125), w, grads)


class OptF64Mom(Divergence):
    """Keras takes the momentum through float32, also for float64 weights.

    0.9 is 2.6e-8 off, and the error adds up along the buffer.  keras.config.set_floatx("float64") does not help.
    """

    name, apis = "OPT-F64-MOM", ("keras.optimizers.SGD", "torch.optim.SGD")
    words = ("float64 momentum", "double precision", "differs by 1e-7")
    dtype, gap = "float64", 5.9e-8
    source = "keras/src/optimizers/sgd.py, update_step: ops.cast(self.momentum)"
    cure = "a momentum that float32 holds exactly: 0.875"

    inputs = _inputs

    def torch(w, grads):
        import torch

        return _torch(torch.optim.SGD, w, grads, lr=0.125, momentum=0.9)

    def keras(w, grads):
        import keras

        return _keras(keras.optimizers.SGD(0.125, momentum=0.9), w, grads)

    def aligned_torch(w, grads):
        import torch

        return _torch(torch.optim.SGD, w, grads, lr=0.125, momentum=MOMENTUM)

    def aligned_keras(w, grads):
        import keras

        return _keras(keras.optimizers.SGD(0.125, momentum=MOMENTUM), w, grads)


class OptZero(Divergence):
    """torch's zero_grad() sets gradients to None, and a parameter without a gradient does not move at all.

    With a gradient of zeros momentum and decay go on, as they do in Keras for a layer that did not take part.  Here one
    step with a gradient is followed by one without.
    """

    name, apis = "OPT-ZERO", ("torch.optim.Optimizer.zero_grad", "torch.optim.SGD", "keras.optimizers.SGD")
    words = ("zero_grad", "set_to_none", "momentum without gradient", "unused parameter", "gradient is None")
    gap = 0.875
    source = "torch.optim.Optimizer.zero_grad, set_to_none"
    cure = "zero_grad(set_to_none=False) where zeros are wanted"

    inputs = _inputs

    def torch(w, grads):
        import torch

        w = torch.nn.Parameter(w)
        optimizer = torch.optim.SGD([w], lr=0.125, momentum=MOMENTUM)
        w.grad = grads[0]
        optimizer.step()
        optimizer.zero_grad()
        optimizer.step()
        return w

    def keras(w, grads):
        import keras

        return _keras(keras.optimizers.SGD(0.125, momentum=MOMENTUM), w, [grads[0], keras.ops.zeros_like(grads[0])])

    def aligned_torch(w, grads):
        import torch

        w = torch.nn.Parameter(w)
        optimizer = torch.optim.SGD([w], lr=0.125, momentum=MOMENTUM)
        w.grad = grads[0]
        optimizer.step()
        optimizer.zero_grad(set_to_none=False)
        optimizer.step()
        return w
